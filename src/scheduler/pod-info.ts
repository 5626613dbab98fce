import { type HostPort, hostPortsOf } from "../api/core/v1/host-ports.ts"
import type { Pod } from "../api/core/v1/pod.ts"
import { claimNamesOf } from "../api/core/v1/pod-claims.ts"
import { computePodRequests, parseAmounts } from "../api/core/v1/pod-resources.ts"
import { isChanged } from "./is-changed.ts"
import { amountOf, type Resources, resourcesFromAmounts } from "./resources.ts"

/** A pod with what scheduling asks of it again and again, worked out once per version of the pod. */
export interface PodInfo {
  readonly pod: Pod
  readonly uid: string
  readonly priority: number
  readonly requests: Resources
  /** As `requests`, but a container that asks for nothing counts as a little: spreading needs a weight for it. */
  readonly nonZeroRequests: Pick<Readonly<Resources>, "milliCpu" | "memoryBytes">
  readonly hostPorts: readonly HostPort[]
  /** Claims that it names or that are made for it. */
  readonly claimNames: readonly string[]
}

/** What a container counts for that does not say. */
const unasked = parseAmounts({ cpu: "100m", memory: "200Mi" })

const known = new WeakMap<Pod, PodInfo>()

/** Pods are immutable, so their info is remembered for as long as they are. */
export function podInfo(pod: Pod): PodInfo {
  let info = known.get(pod)
  if (!info) known.set(pod, (info = compute(pod)))
  return info
}

/** The same, from that of an earlier version: most of what is told of a pod changes nothing that it needs. */
export function podInfoAfter(pod: Pod, before: PodInfo): PodInfo {
  if (known.has(pod) || !needsTheSame(pod, before.pod)) return podInfo(pod)
  const info = { ...before, pod }
  known.set(pod, info)
  return info
}

/** By the very same values: what is bound shares them with what was. */
function needsTheSame({ spec, status }: Pod, { spec: specBefore, status: before }: Pod): boolean {
  return (
    spec.containers === specBefore.containers &&
    spec.initContainers === specBefore.initContainers &&
    spec.overhead === specBefore.overhead &&
    spec.resources === specBefore.resources &&
    spec.volumes === specBefore.volumes &&
    spec.priority === specBefore.priority &&
    spec.hostNetwork === specBefore.hostNetwork &&
    [status, before].every((each) => !each.containerStatuses && !each.initContainerStatuses)
  )
}

function compute(pod: Pod): PodInfo {
  const requests = resourcesFromAmounts(computePodRequests(pod, { useStatus: true }))
  return {
    pod,
    uid: pod.metadata.uid,
    priority: pod.spec.priority ?? 0,
    requests,
    nonZeroRequests: asksForAll(pod)
      ? requests
      : resourcesFromAmounts(computePodRequests(pod, { useStatus: true, unasked })),
    hostPorts: hostPortsOf(pod),
    claimNames: claimNamesOf(pod),
  }
}

function asksForAll({ spec }: Pod): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].every(
    ({ resources }) =>
      resources?.requests?.["cpu"] !== undefined && resources.requests["memory"] !== undefined,
  )
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

/** A pod that was resized down, in something that is `wanted` if that is given. */
export function asksForLess(
  { requests }: PodInfo,
  { requests: before }: PodInfo,
  wanted?: Resources,
): boolean {
  return ["cpu", "memory", "ephemeral-storage", ...before.others.keys()].some(
    (name) => amountOf(requests, name) < amountOf(before, name) && (!wanted || amountOf(wanted, name) > 0),
  )
}

/** Pods that ended hold nothing. */
export function isTerminated(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed"
}
