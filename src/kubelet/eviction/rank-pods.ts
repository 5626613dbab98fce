import { quantityValue } from "../../apimachinery/quantity.ts"
import { computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ScarceResource } from "./node-pressure.ts"

/** What a pod uses of the resource that is short. */
export interface PodUsage {
  readonly pod: Pod
  /** All of it: bytes, inodes or processes. */
  readonly used: number
  readonly containers: readonly { readonly name: string; readonly bytes: number }[]
}

/**
 * Whom a node in need evicts first: pods that use more than they asked for, then those of lower priority, then those that
 * are furthest above what they asked for. For processes nobody asks: there the less important go first, then those that
 * have the most. Pure; the first is the first to go.
 */
export function rankForEviction(pods: readonly PodUsage[], resource: ScarceResource): PodUsage[] {
  const requestOf = ({ pod }: PodUsage) => {
    const request = computePodRequests(pod)[resource]
    return request ? quantityValue(request) : 0
  }
  const excess = (usage: PodUsage) => usage.used - requestOf(usage)
  const exceeds = (usage: PodUsage) => Number(resource !== "pids" && excess(usage) > 0)
  const priority = ({ pod }: PodUsage) => pod.spec.priority ?? 0
  return pods.toSorted(
    (a, b) => exceeds(b) - exceeds(a) || priority(a) - priority(b) || excess(b) - excess(a),
  )
}

const systemCriticalPriority = 2_000_000_000

/** Pods without which the node does not work are never evicted. */
export function isCritical({ metadata, spec }: Pod): boolean {
  if (metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return true
  return (spec.priority ?? 0) >= systemCriticalPriority
}
