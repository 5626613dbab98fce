import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { revisionOf } from "./annotations.ts"
import { byCreation, replicasOf } from "./replica-sets.ts"

/** Old ReplicaSets beyond `spec.revisionHistoryLimit`, the oldest revision first; one that still has pods is kept. */
export function planCleanup(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit
  if (limit === undefined || limit === 0x7fffffff) return []
  const alive = old.filter((replicaSet) => !replicaSet.metadata.deletionTimestamp)
  if (alive.length <= limit) return []
  return [...alive]
    .sort((a, b) => Number(revisionOf(a) - revisionOf(b)) || byCreation(a, b))
    .slice(0, alive.length - limit)
    .filter(isIdle)
}

function isIdle({ metadata, status, ...replicaSet }: ReplicaSet): boolean {
  const seen = (metadata.generation ?? 0) <= (status.observedGeneration ?? 0)
  return replicasOf({ metadata, status, ...replicaSet }) === 0 && status.replicas === 0 && seen
}
