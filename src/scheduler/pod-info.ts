import { type HostPort, hostPortsOf } from "../api/core/v1/host-ports.ts"
import type { Pod } from "../api/core/v1/pod.ts"
import { claimNamesOf } from "../api/core/v1/pod-claims.ts"
import { computePodRequests } from "../api/core/v1/pod-resources.ts"
import { isChanged } from "./is-changed.ts"
import { type Resources, resourcesFromAmounts } from "./resources.ts"

/** A pod with what scheduling asks of it again and again, worked out once per version of the pod. */
export interface PodInfo {
  readonly pod: Pod
  readonly uid: string
  readonly priority: number
  readonly requests: Resources
  /** As `requests`, but a container that asks for nothing counts as a little: spreading needs a weight for it. */
  readonly nonZeroRequests: { readonly milliCpu: number; readonly memoryBytes: number }
  readonly hostPorts: readonly HostPort[]
  /** Claims that it names or that are made for it. */
  readonly claimNames: readonly string[]
}

const defaultMilliCpu = 100
const defaultMemoryBytes = 200 * 1024 * 1024

const known = new WeakMap<Pod, PodInfo>()

/** Pods are immutable, so their info is remembered for as long as they are. */
export function podInfo(pod: Pod): PodInfo {
  let info = known.get(pod)
  if (!info) known.set(pod, (info = compute(pod)))
  return info
}

function compute(pod: Pod): PodInfo {
  const requests = resourcesFromAmounts(computePodRequests(pod, { useStatus: true }))
  return {
    pod,
    uid: pod.metadata.uid,
    priority: pod.spec.priority ?? 0,
    requests,
    nonZeroRequests: {
      milliCpu: requests.milliCpu || defaultMilliCpu * pod.spec.containers.length,
      memoryBytes: requests.memoryBytes || defaultMemoryBytes * pod.spec.containers.length,
    },
    hostPorts: hostPortsOf(pod),
    claimNames: claimNamesOf(pod),
  }
}

/** Whether two versions of a pod take the same room on a node, and mean the same to pods that come. */
export function countsAlike(a: PodInfo, b: PodInfo): boolean {
  const { metadata, spec } = a.pod
  const { metadata: otherMetadata, spec: otherSpec } = b.pod
  return (
    a.priority === b.priority &&
    a.requests.milliCpu === b.requests.milliCpu &&
    a.requests.memoryBytes === b.requests.memoryBytes &&
    a.requests.ephemeralStorageBytes === b.requests.ephemeralStorageBytes &&
    a.requests.others.size + b.requests.others.size === 0 &&
    (metadata.deletionTimestamp === undefined) === (otherMetadata.deletionTimestamp === undefined) &&
    !isChanged(metadata.labels, otherMetadata.labels) &&
    !isChanged(spec.affinity, otherSpec.affinity) &&
    !isChanged(a.hostPorts, b.hostPorts) &&
    !isChanged(a.claimNames, b.claimNames)
  )
}

/** A pod that was resized down. */
export function asksForLess({ requests }: PodInfo, { requests: before }: PodInfo): boolean {
  return (
    requests.milliCpu < before.milliCpu ||
    requests.memoryBytes < before.memoryBytes ||
    requests.ephemeralStorageBytes < before.ephemeralStorageBytes ||
    Array.from(before.others).some(([name, amount]) => (requests.others.get(name) ?? 0) < amount)
  )
}

/** Pods that ended hold nothing. */
export function isTerminated(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed"
}
