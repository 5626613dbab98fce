import { forbiddenValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, immutable, oneOf } from "../../validation/checks.ts"
import type { PriorityClass } from "../v1/priority-class.ts"

const highestUserPriority = 1_000_000_000
const systemPrefix = "system-"
const systemClasses: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
}

export function* validatePriorityClass(priorityClass: PriorityClass): Errors {
  const { metadata, value = 0, preemptionPolicy } = priorityClass
  if (metadata.name?.startsWith(systemPrefix)) {
    const problem = systemProblem(priorityClass)
    if (problem) {
      const detail = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${problem}`
      yield forbiddenValue(fieldPath("metadata", "name"), detail)
    }
  } else if (value > highestUserPriority) {
    const detail = `maximum allowed value of a user defined priority is ${highestUserPriority}`
    yield forbiddenValue(fieldPath("value"), detail)
  }
  if (preemptionPolicy !== undefined) {
    yield* oneOf(preemptionPolicy, fieldPath("preemptionPolicy"), ["PreemptLowerPriority", "Never"])
  }
}

function systemProblem({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const { name = "" } = metadata
  const expected = systemClasses[name]
  if (expected === undefined) return `${name} is not a known system priority class`
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export function* validatePriorityClassUpdate(priorityClass: PriorityClass, old: PriorityClass): Errors {
  if ((priorityClass.value ?? 0) !== (old.value ?? 0)) {
    yield forbiddenValue(fieldPath("value"), "may not be changed in an update.")
  }
  yield* immutable(priorityClass.preemptionPolicy, old.preemptionPolicy, fieldPath("preemptionPolicy"))
}
