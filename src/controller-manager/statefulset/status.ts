import type { StatefulSetStatus } from "../../api/apps/v1/stateful-set.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { revisionLabel } from "../revisions/revisions.ts"
import { isAvailable, isReady } from "../shared/pods.ts"
import type { SetView } from "./plan.ts"

export function computeStatus(view: SetView, collisionCount: number): StatefulSetStatus {
  const { set, pods, currentRevision, updateRevision, nowMs } = view
  const created = pods.filter((pod) => pod.status.phase !== undefined)
  const count = (holds: (pod: Pod) => boolean) => created.filter(holds).length
  const isRunningAndReady = (pod: Pod) => pod.status.phase === "Running" && isReady(pod)
  const ofRevision = (revision: string) => (pod: Pod) =>
    pod.metadata.labels?.[revisionLabel] === revision && pod.metadata.deletionTimestamp === undefined
  const status: StatefulSetStatus = {
    observedGeneration: set.metadata.generation,
    replicas: created.length,
    readyReplicas: count(isRunningAndReady),
    availableReplicas: count(
      (pod) => isRunningAndReady(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs),
    ),
    currentReplicas: count(ofRevision(currentRevision)),
    updatedReplicas: count(ofRevision(updateRevision)),
    currentRevision,
    updateRevision,
    collisionCount,
    conditions: set.status.conditions ?? [],
  }
  return isUpdated(view, status)
    ? { ...status, currentReplicas: status.updatedReplicas, currentRevision: updateRevision }
    : status
}

/** The rolling update is over: what was new is now what is current. */
function isUpdated({ set }: SetView, status: StatefulSetStatus): boolean {
  const wanted = set.spec.replicas ?? 1
  return (
    set.spec.updateStrategy.type === "RollingUpdate" &&
    status.updatedReplicas === wanted &&
    status.readyReplicas === wanted &&
    status.replicas === wanted
  )
}
