import { parseFieldSelector } from "../../apimachinery/field-selector.ts"
import { parseLabelSelector, type Requirement } from "../../apimachinery/labels.ts"
import { quote } from "../../base/quote.ts"
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
} from "../../api/authorization/v1/access-review.ts"
import type { SelectorRequirement } from "./authorizer.ts"

export interface ParsedSelector {
  readonly requirements: readonly SelectorRequirement[]
  /** Requirements that were not understood are left out: the question is then about more, never about less. */
  readonly problem?: string
}

/** The selector of an access review: text as in a URL, or a list of requirements. */
export function parseReviewedSelector(
  kind: "field" | "label",
  selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined,
): ParsedSelector | undefined {
  if (!selector) return undefined
  if (selector.rawSelector) return parseText(kind, selector.rawSelector)
  const requirements: SelectorRequirement[] = []
  const problems: string[] = []
  for (const { key, operator, values } of selector.requirements ?? []) {
    const problem = requirementProblem(kind, operator, values ?? [])
    if (problem) problems.push(problem)
    else
      requirements.push({
        key,
        operator: operator as SelectorRequirement["operator"],
        values: values ?? [],
      })
  }
  return { requirements, ...(problems.length > 0 && { problem: problems.join(", ") }) }
}

const known = new Set(["In", "NotIn", "Exists", "DoesNotExist"])

function requirementProblem(
  kind: "field" | "label",
  operator: string,
  values: readonly string[],
): string | undefined {
  if (!known.has(operator)) return `${quote(operator)} is not a valid ${kind} selector operator`
  if (kind === "label") return undefined
  if (values.length > 1) return "fieldSelectors do not yet support multiple values"
  if (operator === "Exists" || operator === "DoesNotExist")
    return `fieldSelectors do not yet support ${operator}`
  if (values.length === 0) return `fieldSelectors ${operator === "In" ? "in" : "not in"} must have one value`
  return undefined
}

function parseText(kind: "field" | "label", text: string): ParsedSelector {
  try {
    return { requirements: kind === "field" ? fieldRequirements(text) : labelRequirements(text) }
  } catch (error) {
    return { requirements: [], problem: (error as Error).message }
  }
}

function fieldRequirements(text: string): SelectorRequirement[] {
  return parseFieldSelector(text).requirements.map(({ field, operator, value }) => ({
    key: field,
    operator: operator === "=" ? "In" : "NotIn",
    values: [value],
  }))
}

const operators: Partial<Record<Requirement["operator"], SelectorRequirement["operator"]>> = {
  in: "In",
  "=": "In",
  "==": "In",
  notin: "NotIn",
  "!=": "NotIn",
  exists: "Exists",
  "!": "DoesNotExist",
}

function labelRequirements(text: string): SelectorRequirement[] {
  return parseLabelSelector(text).requirements.flatMap(({ key, operator: sign, values }) => {
    const operator = operators[sign]
    return operator ? [{ key, operator, values }] : []
  })
}
