import { invalidValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, labelSelector, oneOfIfSet } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import { nonNegativeCounts } from "../../validation/counts.ts"
import { atMost100Percent, intOrPercent } from "../../validation/int-or-percent.ts"
import type { PodDisruptionBudget } from "../v1/pod-disruption-budget.ts"

const path = fieldPath("spec")

export function* validatePodDisruptionBudget({ spec }: PodDisruptionBudget): Errors {
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    yield invalidValue(path, spec, "minAvailable and maxUnavailable cannot be both set")
  }
  for (const name of ["minAvailable", "maxUnavailable"] as const) {
    const amount = spec[name]
    if (amount === undefined) continue
    yield* intOrPercent(amount, path.child(name))
    yield* atMost100Percent(amount, path.child(name))
  }
  yield* labelSelector(spec.selector, path.child("selector"))
  const policyPath = path.child("unhealthyPodEvictionPolicy")
  yield* oneOfIfSet(spec.unhealthyPodEvictionPolicy, policyPath, ["AlwaysAllow", "IfHealthyBudget"])
}

const counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const

export function* validatePodDisruptionBudgetStatusUpdate({ status }: PodDisruptionBudget): Errors {
  const at = fieldPath("status")
  yield* validateConditions(status.conditions ?? [], at.child("conditions"))
  yield* nonNegativeCounts(status, counts, at)
}
