import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import {
  type Errors,
  nonNegative,
  nonNegativeQuantity,
  oneOfIfSet,
  positive,
} from "../../validation/checks.ts"
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from "../v2/horizontal-pod-autoscaler.ts"
import { validateMetric } from "./metrics.ts"
import { validateReference, type VersionRule } from "./reference.ts"

const path = fieldPath("spec")
const maxPeriodSeconds = 1800
const maxStabilizationSeconds = 3600

export function* validateHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler): Errors {
  yield* validateSpec(spec, { needsGroup: spec.scaleTargetRef.kind !== "ReplicationController" })
}

export function* validateHorizontalPodAutoscalerUpdate(
  { spec }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler,
): Errors {
  const { kind, apiVersion } = spec.scaleTargetRef
  const before = old.spec.scaleTargetRef
  // Old ones named versions that never were; as long as they stay they may go on.
  const isSame = before.kind === kind && before.apiVersion === apiVersion
  yield* validateSpec(spec, isSame ? "any version" : { needsGroup: kind !== "ReplicationController" })
}

function* validateSpec(spec: HorizontalPodAutoscalerSpec, targetVersion: VersionRule): Errors {
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = spec
  const maxPath = path.child("maxReplicas")
  if (minReplicas !== undefined && minReplicas < 1) {
    yield invalidValue(path.child("minReplicas"), minReplicas, "must be greater than or equal to 1")
  }
  if (maxReplicas === 0) yield requiredValue(maxPath, "must be set and greater than 0")
  else if (maxReplicas < 0) yield invalidValue(maxPath, maxReplicas, "must be greater than or equal to 1")
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    yield invalidValue(maxPath, maxReplicas, "must be greater than or equal to `minReplicas`")
  }
  yield* validateReference(scaleTargetRef, targetVersion, path.child("scaleTargetRef"))
  for (const [index, metric] of metrics.entries()) {
    yield* validateMetric(metric, path.child("metrics").index(index))
  }
  const hasOwnMetric = metrics.some(({ type }) => type === "Object" || type === "External")
  if (minReplicas === 0 && !hasOwnMetric) {
    const detail = "must specify at least one Object or External metric to support scaling to zero replicas"
    yield forbiddenValue(path.child("metrics"), detail)
  }
  yield* scalingRules(behavior?.scaleUp, path.child("behavior", "scaleUp"))
  yield* scalingRules(behavior?.scaleDown, path.child("behavior", "scaleDown"))
}

function* scalingRules(rules: HPAScalingRules | undefined, at: FieldPath): Errors {
  if (!rules) return
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules
  const windowPath = at.child("stabilizationWindowSeconds")
  if (window !== undefined && window < 0) {
    yield invalidValue(windowPath, window, "must be greater than or equal to zero")
  }
  if (window !== undefined && window > maxStabilizationSeconds) {
    yield invalidValue(windowPath, window, `must be less than or equal to ${maxStabilizationSeconds}`)
  }
  yield* oneOfIfSet(selectPolicy, at.child("selectPolicy"), ["Disabled", "Max", "Min"])
  if (policies.length === 0) yield requiredValue(at.child("policies"), "must specify at least one Policy")
  for (const [index, policy] of policies.entries()) {
    yield* scalingPolicy(policy, at.child("policies").index(index))
  }
  if (tolerance !== undefined) yield* nonNegativeQuantity(tolerance, at.child("tolerance"))
}

function* scalingPolicy({ type, value, periodSeconds }: HPAScalingPolicy, at: FieldPath): Errors {
  if (type !== "Pods" && type !== "Percent")
    yield unsupportedValue(at.child("type"), type, ["Percent", "Pods"])
  yield* positive(value, at.child("value"))
  yield* positive(periodSeconds, at.child("periodSeconds"))
  if (periodSeconds > maxPeriodSeconds) {
    const detail = `must be less than or equal to ${maxPeriodSeconds}`
    yield invalidValue(at.child("periodSeconds"), periodSeconds, detail)
  }
}

export function* validateHorizontalPodAutoscalerStatusUpdate({ status }: HorizontalPodAutoscaler): Errors {
  yield* nonNegative(status.currentReplicas, fieldPath("status", "currentReplicas"))
  yield* nonNegative(status.desiredReplicas, fieldPath("status", "desiredReplicas"))
}
