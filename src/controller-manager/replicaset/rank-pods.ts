import type { Pod } from "../../api/core/v1/pod.ts"
import { isActive, isReady, readySinceMs } from "../shared/pods.ts"

/**
 * Which pods to delete first when there are too many, the cheapest loss first
 * (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset):
 * not assigned to a node; pending; not ready; lower deletion cost; on a node with more pods of the same family; ready
 * for a shorter time; restarted more often; younger.
 *
 * Times that differ are compared by their logarithm, and among pods of about the same age chance (the uid) decides, so
 * that scaling down does not always empty the newest node. Ready for 100 s and 120 s is alike, 10 s and 1000 s is not.
 */
export function rankForDeletion(pods: readonly Pod[], family: readonly Pod[], nowMs: number): Pod[] {
  const perNode = new Map<string, number>()
  for (const pod of family) {
    const { nodeName } = pod.spec
    if (nodeName && isActive(pod)) perNode.set(nodeName, (perNode.get(nodeName) ?? 0) + 1)
  }
  return pods
    .map((pod) => describe(pod, perNode))
    .sort((a, b) => compare(a, b, nowMs) || compareText(a.uid, b.uid))
    .map(({ pod }) => pod)
}

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

interface Ranked {
  readonly pod: Pod
  readonly uid: string
  /** In order of importance; the pod with the smaller number goes first. */
  readonly loss: readonly number[]
  /** 0 when it does not say. */
  readonly readySinceMs: number
  readonly restarts: readonly number[]
  readonly createdMs: number
}

function describe(pod: Pod, perNode: ReadonlyMap<string, number>): Ranked {
  const { nodeName } = pod.spec
  const loss = [
    nodeName ? 1 : 0,
    phaseOrder[pod.status.phase ?? "Pending"] ?? 0,
    isReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(nodeName ? (perNode.get(nodeName) ?? 0) : 0),
  ]
  return {
    pod,
    uid: pod.metadata.uid,
    loss,
    readySinceMs: readySinceMs(pod) ?? 0,
    restarts: [-mostRestarts(pod), -mostSidecarRestarts(pod)],
    createdMs: Date.parse(pod.metadata.creationTimestamp),
  }
}

function compare(a: Ranked, b: Ranked, nowMs: number): number {
  return (
    compareNumbers(a.loss, b.loss) ||
    compareAges(a.readySinceMs, b.readySinceMs, a, b, nowMs) ||
    compareNumbers(a.restarts, b.restarts) ||
    compareAges(a.createdMs, b.createdMs, a, b, nowMs)
  )
}

/** 0 only for the same moment: of two that are alike the uid decides, before anything less important is looked at. */
function compareAges(sinceA: number, sinceB: number, a: Ranked, b: Ranked, nowMs: number): number {
  if (sinceA === sinceB) return 0
  // Who does not say since when goes first.
  if (!sinceA || !sinceB) return sinceA ? 1 : -1
  return logarithmicAge(sinceA, nowMs) - logarithmicAge(sinceB, nowMs) || compareText(a.uid, b.uid)
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
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

function mostSidecarRestarts({ spec, status }: Pod): number {
  let most = 0
  for (const { name, restartCount } of status.initContainerStatuses ?? [])
    if (spec.initContainers?.some((one) => one.name === name && one.restartPolicy === "Always"))
      most = Math.max(most, restartCount)
  return most
}

function logarithmicAge(sinceMs: number, nowMs: number): number {
  // Base 2 of the nanoseconds, so that "twice as old" is the next class.
  const nanoseconds = (nowMs - sinceMs) * 1e6
  return nanoseconds > 0 ? Math.floor(Math.log2(nanoseconds)) : -1
}
