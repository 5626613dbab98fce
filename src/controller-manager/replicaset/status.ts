import type { ReplicaSetStatus } from "../../api/apps/v1/replica-set.ts"
import type { Pod, PodTemplateSpec } from "../../api/core/v1/pod.ts"
import { matchesLabels, selectorFromLabels } from "../../apimachinery/labels.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { findCondition } from "../shared/conditions.ts"
import type { Replicated } from "./reconcile-replicas.ts"
import { isActive, isAvailable, isReady, isTerminating } from "../shared/pods.ts"

/** Why this round could not create or delete what it planned. */
export interface ReplicaFailure {
  readonly reason: "FailedCreate" | "FailedDelete"
  readonly message: string
}

/** What is observed of `pods`, all that the ReplicaSet owns, finished and dying ones included. */
export function computeStatus(
  replicaSet: Replicated,
  template: PodTemplateSpec,
  pods: readonly Pod[],
  failure: ReplicaFailure | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const { minReadySeconds = 0 } = replicaSet.spec
  const templateLabels = selectorFromLabels(template.metadata.labels)
  const active = pods.filter(isActive)
  const count = (holds: (pod: Pod) => boolean) => active.filter(holds).length
  return {
    replicas: active.length,
    fullyLabeledReplicas: count((pod) => matchesLabels(templateLabels, pod.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, minReadySeconds, nowMs)),
    terminatingReplicas: pods.filter(isTerminating).length,
    observedGeneration: replicaSet.metadata.generation,
    conditions: conditions(replicaSet, failure, nowMs),
  }
}

function conditions(replicaSet: Replicated, failure: ReplicaFailure | undefined, nowMs: number) {
  const present = replicaSet.status.conditions ?? []
  const others = present.filter((condition) => condition.type !== "ReplicaFailure")
  if (!failure) return others
  // The first failure stays as it is until one round succeeds: its time says since when.
  const known = findCondition(present, "ReplicaFailure")
  return [
    ...others,
    known ?? {
      type: "ReplicaFailure",
      status: "True",
      lastTransitionTime: formatTime(nowMs),
      reason: failure.reason,
      message: failure.message,
    },
  ]
}
