import {
  duplicateValue,
  invalidValue,
  omittedValue,
  requiredValue,
  tooMany,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { quote } from "../../../base/quote.ts"
import { type Errors, qualifiedName } from "../../validation/checks.ts"
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from "../v1/job.ts"

const maxRules = 20
const maxExitCodes = 255
const maxPatterns = 20
const actions = ["Count", "FailIndex", "FailJob", "Ignore"]
const operators = ["In", "NotIn"]
const statuses = ["False", "True", "Unknown"]

/** How failures of pods count, by why they failed. */
export function* validatePodFailurePolicy(spec: JobSpec, path: FieldPath): Errors {
  const rules = spec.podFailurePolicy?.rules ?? []
  const at = path.child("rules")
  if (rules.length > maxRules) yield tooMany(at, rules.length, maxRules)
  for (const [index, rule] of rules.entries()) yield* validateRule(rule, spec, at.index(index))
}

function* validateRule(rule: PodFailurePolicyRule, spec: JobSpec, path: FieldPath): Errors {
  const { action, onExitCodes, onPodConditions = [] } = rule
  const at = path.child("action")
  if (action === "FailIndex") {
    if (spec.backoffLimitPerIndex === undefined) {
      yield invalidValue(at, action, "requires the backoffLimitPerIndex to be set")
    }
  } else yield* known(action, actions, at)
  if (onExitCodes) yield* exitCodes(onExitCodes, spec, path.child("onExitCodes"))
  yield* podConditions(onPodConditions ?? [], path.child("onPodConditions"))
  const hasConditions = (onPodConditions ?? []).length > 0
  if (onExitCodes && hasConditions) {
    yield invalidValue(path, omittedValue, "specifying both OnExitCodes and OnPodConditions is not supported")
  } else if (!onExitCodes && !hasConditions) {
    yield invalidValue(path, omittedValue, "specifying one of OnExitCodes and OnPodConditions is required")
  }
}

function* known(value: string, values: readonly string[], path: FieldPath): Errors {
  if (!value) yield requiredValue(path, `valid values: [${values.map(quote).join(" ")}]`)
  else if (!values.includes(value)) yield unsupportedValue(path, value, values)
}

function* podConditions(
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  path: FieldPath,
): Errors {
  if (patterns.length > maxPatterns) yield tooMany(path, patterns.length, maxPatterns)
  for (const [index, { type, status = "" }] of patterns.entries()) {
    yield* qualifiedName(type, path.index(index).child("type"))
    yield* known(status, statuses, path.index(index).child("status"))
  }
}

function* exitCodes(
  requirement: PodFailurePolicyOnExitCodesRequirement,
  { template }: JobSpec,
  path: FieldPath,
): Errors {
  const { operator, containerName } = requirement
  const values = requirement.values ?? []
  yield* known(operator, operators, path.child("operator"))
  const { containers = [], initContainers = [] } = template.spec
  const names = [...(containers ?? []), ...initContainers].map(({ name }) => name)
  if (containerName !== undefined && !names.includes(containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template"
    yield invalidValue(path.child("containerName"), containerName, detail)
  }
  const at = path.child("values")
  if (values.length === 0)
    yield invalidValue(at, requirement.values ?? null, "at least one value is required")
  else if (values.length > maxExitCodes) yield tooMany(at, values.length, maxExitCodes)
  for (const [index, value] of values.entries()) {
    if (operator === "In" && value === 0) {
      yield invalidValue(at.index(index), value, "must not be 0 for the In operator")
    }
    if (values.indexOf(value) < index) yield duplicateValue(at.index(index), value)
  }
  const isOrdered = values.every((value, index) => index === 0 || values[index - 1]! <= value)
  if (!isOrdered) yield invalidValue(at, values, "must be ordered")
}
