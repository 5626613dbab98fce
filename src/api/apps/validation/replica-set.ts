import { fieldPath } from "../../../apimachinery/field-path.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, immutable, nonNegative } from "../../validation/checks.ts"
import { type Counts, nonNegativeCounts, notMoreThan } from "../../validation/counts.ts"
import type { ReplicaSet } from "../v1/replica-set.ts"
import { selectorAndTemplate } from "./deployment.ts"

const path = fieldPath("spec")

export function* validateReplicaSet({ spec }: ReplicaSet): Errors {
  yield* nonNegative(spec.replicas, path.child("replicas"))
  yield* nonNegative(spec.minReadySeconds, path.child("minReadySeconds"))
  yield* selectorAndTemplate(spec.selector, spec.template, path)
}

export function* validateReplicaSetUpdate(replicaSet: ReplicaSet, old: ReplicaSet): Errors {
  yield* validateReplicaSet(replicaSet)
  yield* immutable(replicaSet.spec.selector, old.spec.selector, path.child("selector"))
}

export function* validateReplicaSetStatusUpdate({ status }: ReplicaSet): Errors {
  yield* validateReplicaCounts(status, fieldPath("status"))
}

const names = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "observedGeneration",
  "terminatingReplicas",
] as const
const parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const

/** Also of a ReplicationController, its forerunner. */
export function* validateReplicaCounts(status: Counts<(typeof names)[number]>, at: FieldPath): Errors {
  yield* nonNegativeCounts(status, names, at)
  yield* notMoreThan(status, parts, "replicas", at, "status.replicas")
  yield* notMoreThan(status, ["availableReplicas"], "readyReplicas", at)
}
