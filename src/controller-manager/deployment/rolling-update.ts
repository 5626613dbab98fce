import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { maxSurge, minAvailable } from "./budget.ts"
import type { Scaling } from "./plan.ts"
import { allOf, type Generations, isActiveSet, replicasOf, sum } from "./replica-sets.ts"

/**
 * New pods come as far as the surge allows, old pods go as far as availability allows, and every change of a pod's
 * readiness makes room for the next step (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment).
 *
 * 10 replicas, maxSurge 3, maxUnavailable 2: at most 13 pods, at least 8 available. The first round creates 3 new ones.
 * The next takes away 2 old ones (10 available - 8), which lets 2 more new ones come; 3 + 2 of the new becoming ready
 * lets 5 old ones go, and so on.
 */
export function planRollingUpdate(deployment: Deployment, generations: Generations): readonly Scaling[] {
  const { newest, old } = generations
  if (!newest) return []
  const up = wantedOfNewest(deployment, generations)
  // One direction a round: what the first step frees is only known when it is seen.
  if (up !== replicasOf(newest)) return [{ replicaSet: newest, to: up }]
  return planScaleDown(deployment, newest, old)
}

/** How many replicas the newest ReplicaSet should have now; also before it exists. */
export function wantedOfNewest(deployment: Deployment, generations: Generations): number {
  const wanted = deployment.spec.replicas ?? 1
  const present = generations.newest ? replicasOf(generations.newest) : 0
  if (present >= wanted) return wanted
  const room = wanted + maxSurge(deployment) - sum(allOf(generations), replicasOf)
  return present + Math.max(0, Math.min(room, wanted - present))
}

function planScaleDown(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Scaling[] {
  const active = old.filter(isActiveSet)
  const all = [...active, newest]
  // New pods that are not available yet must not be paid for with old ones that are.
  const newestUnavailable = replicasOf(newest) - available(newest)
  const mayGo = sum(all, replicasOf) - minAvailable(deployment) - newestUnavailable
  if (mayGo <= 0) return []

  const targets = new Map(active.map((replicaSet) => [replicaSet, replicasOf(replicaSet)]))
  // Old pods that are not available help nobody: they go first, whatever their age.
  const gone = takeAway(targets, mayGo, (replicaSet) => replicasOf(replicaSet) - available(replicaSet))
  // A status may be late, and tell as available what was taken away a moment ago: specs are never behind.
  const spare = Math.min(sum(all, available) - minAvailable(deployment), mayGo - gone)
  takeAway(targets, spare, (replicaSet) => targets.get(replicaSet)!)

  return Array.from(targets, ([replicaSet, to]) => ({ replicaSet, to })).filter(
    ({ replicaSet, to }) => to !== replicasOf(replicaSet),
  )
}

/** Lowers the targets, oldest ReplicaSet first, by at most `budget` in all; gives by how much. */
function takeAway(
  targets: Map<ReplicaSet, number>,
  budget: number,
  most: (replicaSet: ReplicaSet) => number,
): number {
  let left = budget
  for (const [replicaSet, target] of targets) {
    const taken = Math.max(0, Math.min(left, most(replicaSet), target))
    targets.set(replicaSet, target - taken)
    left -= taken
  }
  return budget - left
}

/** Of those it still asks for: a status may be late, and count what is about to go. */
function available(replicaSet: ReplicaSet): number {
  return Math.min(replicaSet.status.availableReplicas ?? 0, replicasOf(replicaSet))
}
