import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { desiredReplicasOf, maxReplicasOf } from "./annotations.ts"
import { maxSurge } from "./budget.ts"
import type { Scaling } from "./plan.ts"
import { allOf, byCreation, type Generations, isActiveSet, replicasOf, sum } from "./replica-sets.ts"

/** Somebody changed `spec.replicas` since the ReplicaSets were last scaled. */
export function isScalingEvent(deployment: Deployment, generations: Generations): boolean {
  return allOf(generations)
    .filter(isActiveSet)
    .some((replicaSet) => {
      const desired = desiredReplicasOf(replicaSet)
      return desired !== undefined && desired !== (deployment.spec.replicas ?? 1)
    })
}

/**
 * Scaling, apart from rolling out. With one generation of pods that one gets all. In the middle of a rollout, each gets
 * its share, so that a bad new version does not get all the new pods
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling).
 */
export function planScale(deployment: Deployment, generations: Generations): readonly Scaling[] {
  const wanted = deployment.spec.replicas ?? 1
  const single = activeOrLatest(generations)
  if (single) return [{ replicaSet: single, to: wanted }]
  const { newest, old } = generations
  if (newest && isSaturated(newest, wanted))
    return old.filter(isActiveSet).map((replicaSet) => ({ replicaSet, to: 0 }))
  if (deployment.spec.strategy.type !== "RollingUpdate") return []
  return planProportions(deployment, allOf(generations).filter(isActiveSet))
}

/** The only ReplicaSet with replicas; without any, the newest; undefined when several have some. */
function activeOrLatest(generations: Generations): ReplicaSet | undefined {
  const active = allOf(generations).filter(isActiveSet)
  if (active.length > 1) return undefined
  return active[0] ?? generations.newest ?? generations.old.at(-1)
}

/** The rollout is over for the newest: all its replicas are there. */
function isSaturated(newest: ReplicaSet, wanted: number): boolean {
  const { availableReplicas = 0 } = newest.status
  return replicasOf(newest) === wanted && desiredReplicasOf(newest) === wanted && availableReplicas === wanted
}

/**
 * 10 replicas (15 with surge) as 5 old, 8 new and 2 newer become 20 (30 with surge): the fractions double, 10 + 16 + 4.
 * Rounding leaves a rest, which the largest gets.
 */
function planProportions(deployment: Deployment, active: readonly ReplicaSet[]): readonly Scaling[] {
  const wanted = deployment.spec.replicas ?? 1
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0
  const toAdd = allowed - sum(active, replicasOf)
  const sorted = [...active].sort(toAdd > 0 ? largestThenNewest : largestThenOldest)
  let added = 0
  const scalings = sorted.map((replicaSet) => {
    const share = shareOf(replicaSet, deployment, toAdd - added)
    added += share
    return { replicaSet, to: replicasOf(replicaSet) + share }
  })
  const [largest, ...rest] = scalings
  if (!largest) return []
  return [{ ...largest, to: Math.max(0, largest.to + toAdd - added) }, ...rest]
}

/** What it gains (or loses), at most what is left to give away. */
function shareOf(replicaSet: ReplicaSet, deployment: Deployment, left: number): number {
  if (left === 0) return 0
  const share = fractionOf(replicaSet, deployment)
  return left > 0 ? Math.min(share, left) : Math.max(share, left)
}

function fractionOf(replicaSet: ReplicaSet, deployment: Deployment): number {
  const present = replicasOf(replicaSet)
  const wanted = deployment.spec.replicas ?? 1
  if (wanted === 0) return -present
  const before = maxReplicasOf(replicaSet) || (deployment.status.replicas ?? 0)
  if (before === 0) return 0
  return Math.round((present * (wanted + maxSurge(deployment))) / before) - present
}

function largestThenNewest(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(b, a)
}

function largestThenOldest(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(a, b)
}
