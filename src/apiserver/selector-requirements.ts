import { parseFieldSelector } from "../apimachinery/field-selector.ts"
import { parseLabelSelector, type Requirement } from "../apimachinery/labels.ts"
import type { SelectorRequirement } from "./authorization/authorizer.ts"

const selectingVerbs = new Set(["list", "watch", "deletecollection"])
const operators: Partial<Record<Requirement["operator"], SelectorRequirement["operator"]>> = {
  in: "In",
  "=": "In",
  "==": "In",
  notin: "NotIn",
  "!=": "NotIn",
  exists: "Exists",
  "!": "DoesNotExist",
}

/** The selectors of a request for an authorizer that narrows by them. What cannot be parsed is judged as if it selected all. */
export function selectorRequirements(
  verb: string,
  query: URLSearchParams,
): { fieldSelector?: readonly SelectorRequirement[]; labelSelector?: readonly SelectorRequirement[] } {
  if (!selectingVerbs.has(verb)) return {}
  return parsedSelectors(query.get("fieldSelector"), query.get("labelSelector"))
}

/** The same of two texts, either of which may be missing. */
export function parsedSelectors(
  fields: string | null,
  labels: string | null,
): { fieldSelector?: readonly SelectorRequirement[]; labelSelector?: readonly SelectorRequirement[] } {
  return {
    ...(fields && { fieldSelector: attempt(() => fieldRequirements(fields)) }),
    ...(labels && { labelSelector: attempt(() => labelRequirements(labels)) }),
  }
}

function fieldRequirements(text: string): SelectorRequirement[] {
  return parseFieldSelector(text).requirements.map(({ field, operator, value }) => ({
    key: field,
    operator: operator === "=" ? "In" : "NotIn",
    values: [value],
  }))
}

function labelRequirements(text: string): SelectorRequirement[] {
  return parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const known = operators[operator]
    return known ? [{ key, operator: known, values }] : []
  })
}

function attempt(parse: () => SelectorRequirement[]): readonly SelectorRequirement[] {
  try {
    return parse()
  } catch {
    return []
  }
}
