import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { validatePodTemplateSpec } from "../../core/validation/pod.ts"
import {
  parseSelector,
  validateEndless,
  validateSelected,
  validateSelector,
} from "../../core/validation/selected-template.ts"
import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type { PodTemplateSpec } from "../../core/v1/pod.ts"
import { type Errors, immutable, nonNegative } from "../../validation/checks.ts"
import { collisionCount, nonNegativeCounts, notMoreThan } from "../../validation/counts.ts"
import { amountOf, atMost100Percent, intOrPercent } from "../../validation/int-or-percent.ts"
import type { Deployment, DeploymentStrategy, RollingUpdateDeployment } from "../v1/deployment.ts"

const path = fieldPath("spec")

export function* validateDeployment({ spec }: Deployment): Errors {
  yield* nonNegative(spec.replicas, path.child("replicas"))
  yield* selectorAndTemplate(spec.selector, spec.template, path)
  yield* validateStrategy(spec.strategy, path.child("strategy"))
  const { minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec
  yield* nonNegative(minReadySeconds, path.child("minReadySeconds"))
  yield* nonNegative(spec.revisionHistoryLimit, path.child("revisionHistoryLimit"))
  if (deadline === undefined) return
  const at = path.child("progressDeadlineSeconds")
  yield* nonNegative(deadline, at)
  if (deadline <= minReadySeconds) yield invalidValue(at, deadline, "must be greater than minReadySeconds")
}

export function* validateDeploymentUpdate(deployment: Deployment, old: Deployment): Errors {
  yield* validateDeployment(deployment)
  yield* immutable(deployment.spec.selector, old.spec.selector, path.child("selector"))
}

/** Of a Deployment, and of the ReplicaSets that it makes: upstream names them alike. */
export function* selectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
  at: FieldPath,
): Errors {
  yield* validateSelector(selector, "deployment", at.child("selector"))
  const parsed = parseSelector(selector)
  if (!parsed) {
    yield invalidValue(at.child("selector"), selector, "invalid label selector")
    return
  }
  yield* validateSelected(parsed, template, at.child("template"))
  yield* validatePodTemplateSpec(template, at.child("template"))
  yield* validateEndless(template, "ReplicaSet", at.child("template"))
}

function* validateStrategy(strategy: DeploymentStrategy, at: FieldPath): Errors {
  const { type, rollingUpdate } = strategy
  const updatePath = at.child("rollingUpdate")
  switch (type) {
    case "Recreate":
      if (!rollingUpdate) return
      yield forbiddenValue(updatePath, "may not be specified when strategy `type` is 'Recreate'")
      return
    case "RollingUpdate":
      if (rollingUpdate) yield* validateRollingUpdate(rollingUpdate, updatePath)
      else yield requiredValue(updatePath, "this should be defaulted and never be nil")
      return
    default:
      yield unsupportedValue(at, strategy, ["Recreate", "RollingUpdate"])
  }
}

function* validateRollingUpdate(rollingUpdate: RollingUpdateDeployment, at: FieldPath): Errors {
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
  const unavailablePath = at.child("maxUnavailable")
  yield* intOrPercent(maxUnavailable, unavailablePath)
  yield* intOrPercent(maxSurge, at.child("maxSurge"))
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    yield invalidValue(unavailablePath, maxUnavailable, "may not be 0 when `maxSurge` is 0")
  }
  yield* atMost100Percent(maxUnavailable, unavailablePath)
}

export function* validateDeploymentStatusUpdate({ status }: Deployment, old: Deployment): Errors {
  const at = fieldPath("status")
  const names = [
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
  ] as const
  yield* nonNegativeCounts(status, names, at)
  const parts = ["updatedReplicas", "readyReplicas", "availableReplicas"] as const
  yield* notMoreThan<(typeof names)[number]>(status, parts, "replicas", at, "status.replicas")
  yield* notMoreThan(status, ["availableReplicas"], "readyReplicas", at)
  yield* collisionCount(status, old.status, at)
}
