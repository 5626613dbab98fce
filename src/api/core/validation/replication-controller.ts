import { requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { selectorFromLabels } from "../../../apimachinery/labels.ts"
import { validateReplicaCounts } from "../../apps/validation/replica-set.ts"
import { type Errors, nonNegative, required } from "../../validation/checks.ts"
import type { ReplicationController } from "../v1/replication-controller.ts"
import { validatePodTemplateSpec } from "./pod.ts"
import { validateEndless, validateSelected } from "./selected-template.ts"

const path = fieldPath("spec")

export function* validateReplicationController({ spec }: ReplicationController): Errors {
  const { selector, template, replicas, minReadySeconds } = spec
  yield* nonNegative(minReadySeconds, path.child("minReadySeconds"))
  yield* required(selector, path.child("selector"))
  if (replicas === undefined) yield requiredValue(path.child("replicas"))
  yield* nonNegative(replicas, path.child("replicas"))
  const at = path.child("template")
  if (!template) {
    yield requiredValue(at)
    return
  }
  yield* validateSelected(selectorFromLabels(selector), template, at)
  yield* validatePodTemplateSpec(template, at)
  yield* validateEndless(template, "ReplicationController", at)
}

export function* validateReplicationControllerStatusUpdate({ status }: ReplicationController): Errors {
  yield* validateReplicaCounts(status, fieldPath("status"))
}
