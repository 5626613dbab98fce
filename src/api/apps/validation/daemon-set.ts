import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { matchesLabels } from "../../../apimachinery/labels.ts"
import { validatePodTemplateSpec } from "../../core/validation/pod.ts"
import { isEmptySelector, parseSelector, validateEndless } from "../../core/validation/selected-template.ts"
import { type Errors, immutable, labelSelector, nonNegative } from "../../validation/checks.ts"
import { collisionCount, nonNegativeCounts } from "../../validation/counts.ts"
import { amountOf, atMost100Percent, intOrPercent } from "../../validation/int-or-percent.ts"
import type { DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet } from "../v1/daemon-set.ts"

const path = fieldPath("spec")

export function* validateDaemonSet({ spec }: DaemonSet): Errors {
  const { selector, template } = spec
  yield* labelSelector(selector, path.child("selector"))
  const parsed = parseSelector(selector)
  const at = path.child("template")
  const labels = template.metadata?.labels
  if (parsed && !matchesLabels(parsed, labels)) {
    const detail = "`selector` does not match template `labels`"
    yield invalidValue(at.child("metadata", "labels"), labels ?? null, detail)
  }
  if (selector && isEmptySelector(selector)) {
    yield invalidValue(path.child("selector"), selector, "empty selector is invalid for daemonset")
  }
  yield* validatePodTemplateSpec(template, at)
  yield* validateEndless(template, "DaemonSet", at)
  yield* nonNegative(spec.minReadySeconds, path.child("minReadySeconds"))
  yield* validateUpdateStrategy(spec.updateStrategy, path.child("updateStrategy"))
  yield* nonNegative(spec.revisionHistoryLimit, path.child("revisionHistoryLimit"))
}

export function* validateDaemonSetUpdate(daemonSet: DaemonSet, old: DaemonSet): Errors {
  yield* immutable(daemonSet.spec.selector, old.spec.selector, path.child("selector"))
  yield* validateDaemonSet(daemonSet)
}

function* validateUpdateStrategy(strategy: DaemonSetUpdateStrategy, at: FieldPath): Errors {
  const { type, rollingUpdate } = strategy
  if (type === "OnDelete") return
  if (type !== "RollingUpdate") yield unsupportedValue(at, strategy, ["RollingUpdate", "OnDelete"])
  else if (rollingUpdate) yield* validateRollingUpdate(rollingUpdate, at.child("rollingUpdate"))
  else yield requiredValue(at.child("rollingUpdate"))
}

/** Pods are replaced in place or beside the old one, but not both ways at once. */
function* validateRollingUpdate(rollingUpdate: RollingUpdateDaemonSet, at: FieldPath): Errors {
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
  const [unavailablePath, surgePath] = [at.child("maxUnavailable"), at.child("maxSurge")]
  yield* intOrPercent(maxUnavailable, unavailablePath)
  yield* intOrPercent(maxSurge, surgePath)
  yield* atMost100Percent(maxUnavailable, unavailablePath)
  yield* atMost100Percent(maxSurge, surgePath)
  const hasUnavailable = amountOf(maxUnavailable) !== 0
  const hasSurge = amountOf(maxSurge) !== 0
  if (hasUnavailable && hasSurge) {
    yield invalidValue(surgePath, maxSurge, "may not be set when maxUnavailable is non-zero")
  } else if (!hasUnavailable && !hasSurge) {
    yield requiredValue(unavailablePath, "cannot be 0 when maxSurge is 0")
  }
}

const counts = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
] as const

export function* validateDaemonSetStatusUpdate({ status }: DaemonSet, old: DaemonSet): Errors {
  const at = fieldPath("status")
  yield* nonNegativeCounts(status, counts, at)
  yield* collisionCount(status, old.status, at)
}
