import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { labelValueProblems } from "../../../apimachinery/names.ts"
import { dnsSubdomain, type Errors, problems, qualifiedName } from "../../validation/checks.ts"
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from "../v1/node-selector.ts"

/** @param checksValues whether values must be ones that a label may have; older kinds do not ask for that */
export function* validateNodeSelector(
  { nodeSelectorTerms }: NodeSelector,
  checksValues: boolean,
  path: FieldPath,
): Errors {
  const at = path.child("nodeSelectorTerms")
  const terms = nodeSelectorTerms ?? []
  if (terms.length === 0) yield requiredValue(at, "must have at least one node selector term")
  for (const [index, term] of terms.entries()) {
    yield* validateNodeSelectorTerm(term, checksValues, at.index(index))
  }
}

export function* validateNodeSelectorTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  checksValues: boolean,
  path: FieldPath,
): Errors {
  for (const [index, requirement] of matchExpressions.entries()) {
    yield* labelRequirement(requirement, checksValues, path.child("matchExpressions").index(index))
  }
  for (const [index, requirement] of matchFields.entries()) {
    yield* fieldRequirement(requirement, path.child("matchFields").index(index))
  }
}

function* labelRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  checksValues: boolean,
  path: FieldPath,
): Errors {
  yield* operands(operator, values, path)
  yield* qualifiedName(key, path.child("key"))
  if (!checksValues) return
  for (const [index, value] of values.entries()) {
    yield* problems(value, path.child("values").index(index), labelValueProblems(value))
  }
}

function* operands(operator: string, values: readonly string[], path: FieldPath): Errors {
  const at = path.child("values")
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length > 0) return
      yield requiredValue(at, "must be specified when `operator` is 'In' or 'NotIn'")
      return
    case "Exists":
    case "DoesNotExist":
      if (values.length === 0) return
      yield forbiddenValue(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      return
    case "Gt":
    case "Lt":
      if (values.length === 1) return
      yield requiredValue(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")
      return
    default:
      yield invalidValue(path.child("operator"), operator, "not a valid selector operator")
  }
}

/** The only field is the name. */
function* fieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: FieldPath): Errors {
  if (operator !== "In" && operator !== "NotIn") {
    yield invalidValue(path.child("operator"), operator, "not a valid selector operator")
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    yield requiredValue(path.child("values"), detail)
  }
  if (key !== "metadata.name") {
    yield invalidValue(path.child("key"), key, "not a valid field selector key")
    return
  }
  for (const [index, value] of values.entries()) {
    yield* dnsSubdomain(value, path.child("values").index(index))
  }
}
