import { quantityValue } from "../../apimachinery/quantity.ts"
import { computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { isMirrorPod, isStaticPod } from "../static-pods/static-pod.ts"
import type { ScarceResource } from "./node-pressure.ts"

/** What a pod uses of the resource that is short. */
export interface PodUsage {
  readonly pod: Pod
  /** All of it: bytes, inodes or processes; undefined where nothing of it runs that could be measured. */
  readonly used: number | undefined
  readonly containers: readonly { readonly name: string; readonly bytes: number }[]
}

/**
 * Whom a node in need evicts first: pods that use more than they asked for, then those of lower priority, then those that
 * are furthest above what they asked for. Of whom nothing is known counts as using more than anybody. For processes nobody
 * asks: there the less important go first, then those that have the most. Pure; the first is the first to go.
 */
export function rankForEviction(pods: readonly PodUsage[], resource: ScarceResource): PodUsage[] {
  // Files are weighed against the bytes that were asked for: so upstream does.
  const asked = resource === "inodes" ? "ephemeral-storage" : resource
  const excess = (usage: PodUsage) => above(usage, requestOf(usage, asked))
  const exceeds = (usage: PodUsage) =>
    Number(resource !== "pids" && above(usage, requestOf(usage, resource)) > 0)
  const priority = ({ pod }: PodUsage) => pod.spec.priority ?? 0
  return pods.toSorted(
    (a, b) => exceeds(b) - exceeds(a) || priority(a) - priority(b) || compare(excess(b), excess(a)),
  )
}

function requestOf({ pod }: PodUsage, resource: ScarceResource): number {
  const request = computePodRequests(pod)[resource]
  return request ? quantityValue(request) : 0
}

function above({ used = Number.POSITIVE_INFINITY }: PodUsage, request: number): number {
  return used - request
}

/** Two infinities are the same, and their difference is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}

const systemCriticalPriority = 2_000_000_000

/** Pods without which the node does not work are never evicted. */
export function isCritical(pod: Pod): boolean {
  return isMirrorPod(pod) || isStaticPod(pod) || (pod.spec.priority ?? 0) >= systemCriticalPriority
}
