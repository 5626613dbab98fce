import type { Pod } from "../../api/core/v1/pod.ts"
import { isActive, isReady, readySinceMs } from "../shared/pods.ts"

/**
 * Which pods to delete first when there are too many, the cheapest loss first
 * (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset):
 * not assigned to a node; pending; not ready; lower deletion cost; on a node with more pods of the same family; ready
 * for a shorter time; restarted more often; younger.
 *
 * Times are compared by their logarithm: among pods of about the same age chance (the uid) decides, so that scaling
 * down does not always empty the newest node. Ready for 100 s and 120 s is alike, 10 s and 1000 s is not.
 */
export function rankForDeletion(pods: readonly Pod[], family: readonly Pod[], nowMs: number): Pod[] {
  const perNode = new Map<string, number>()
  for (const pod of family) {
    const { nodeName } = pod.spec
    if (nodeName && isActive(pod)) perNode.set(nodeName, (perNode.get(nodeName) ?? 0) + 1)
  }
  return pods
    .map((pod) => ({ pod, rank: describe(pod, perNode, nowMs) }))
    .sort((a, b) => compare(a.rank, b.rank) || compareText(a.pod.metadata.uid, b.pod.metadata.uid))
    .map(({ pod }) => pod)
}

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** Numbers in order of importance; the pod with the smaller goes first. */
function describe(pod: Pod, perNode: ReadonlyMap<string, number>, nowMs: number): readonly number[] {
  const { nodeName } = pod.spec
  const sinceMs = readySinceMs(pod)
  return [
    nodeName ? 1 : 0,
    phaseOrder[pod.status.phase ?? "Pending"] ?? 0,
    isReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(nodeName ? (perNode.get(nodeName) ?? 0) : 0),
    // An unready pod, or one that does not say since when, is told apart by what follows.
    isReady(pod) ? logarithmicAge(sinceMs, nowMs) : 0,
    -mostRestarts(pod),
    logarithmicAge(Date.parse(pod.metadata.creationTimestamp), nowMs),
  ]
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = a[index]! - b[index]!
    if (difference !== 0) return difference
  }
  return 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `controller.kubernetes.io/pod-deletion-cost`, an int32; anything else counts as 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? ""
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return 0
  const cost = Number(text)
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0
}

function mostRestarts(pod: Pod): number {
  let most = 0
  for (const { restartCount } of pod.status.containerStatuses ?? []) most = Math.max(most, restartCount)
  return most
}

function logarithmicAge(sinceMs: number | undefined, nowMs: number): number {
  if (sinceMs === undefined) return 0
  // As upstream: base 2 of the nanoseconds, so that "twice as old" is the next class.
  const nanoseconds = Math.max(nowMs - sinceMs, 0) * 1e6
  return nanoseconds < 1 ? 0 : Math.floor(Math.log2(nanoseconds))
}
