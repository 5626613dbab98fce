import { quantityValue } from "../../apimachinery/quantity.ts"
import { computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { VolumeUsage } from "../node-host.ts"

/** What a pod uses of the resource that is short. */
export interface PodUsage {
  readonly pod: Pod
  readonly containers: readonly { readonly name: string; readonly bytes: number }[]
  /** Where it is the disk. */
  readonly volumes: readonly VolumeUsage[]
}

/**
 * Whom a node in need evicts first: pods that use more than they asked for, then those of lower priority, then those that
 * are furthest above what they asked for. Pure; the first is the first to go.
 */
export function rankForEviction(
  pods: readonly PodUsage[],
  resource: "memory" | "ephemeral-storage",
): PodUsage[] {
  const requestOf = ({ pod }: PodUsage) => {
    const request = computePodRequests(pod)[resource]
    return request ? quantityValue(request) : 0
  }
  const usedBy = ({ containers, volumes }: PodUsage) => {
    const onDisk = volumes.filter(({ isLocal }) => isLocal).map(({ space }) => space.usedBytes)
    return [...onDisk, ...containers.map(({ bytes }) => bytes)].reduce((sum, bytes) => sum + bytes, 0)
  }
  const excess = (usage: PodUsage) => usedBy(usage) - requestOf(usage)
  const priority = ({ pod }: PodUsage) => pod.spec.priority ?? 0
  return pods.toSorted(
    (a, b) =>
      Number(excess(b) > 0) - Number(excess(a) > 0) || priority(a) - priority(b) || excess(b) - excess(a),
  )
}

const systemCriticalPriority = 2_000_000_000

/** Pods without which the node does not work are never evicted. */
export function isCritical({ metadata, spec }: Pod): boolean {
  if (metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return true
  return (spec.priority ?? 0) >= systemCriticalPriority
}
