import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Change } from "../framework.ts"
import { isChanged } from "../is-changed.ts"
import { asksForLess, podInfo } from "../pod-info.ts"

/** What moves pods from one place of the queue to another beside changes of objects, under the names of upstream's metrics. */
export const queueEvents = {
  appeared: "UnschedulablePodAdd",
  updated: "UnschedulablePodUpdate",
  attemptFailed: "ScheduleAttemptFailure",
  backoffOver: "BackoffComplete",
  takenEarly: "PopFromBackoffQ",
  activated: "ForceActivate",
  patienceOver: "UnschedulableTimeout",
} as const

/** A change as upstream's metrics name it: "NodeAdd", "AssignedPodDelete", "storage.k8s.io/StorageClassUpdate". */
export function eventLabel(
  { group, kind }: Resource,
  change: Change,
  current: KubeObject | undefined,
  previous: KubeObject | undefined,
): string {
  if (change === "appear") return queueEvents.appeared
  if (kind === "Node" && change === "update")
    return `NodeUpdate${nodeChange(current as Node, previous as Node)}`
  if (kind === "Pod" && change === "update")
    return `AssignedPodUpdate${podChange(current as Pod, previous as Pod)}`
  const subject = group ? `${group}/${kind}` : kind === "Pod" ? "AssignedPod" : kind
  return `${subject}${change[0]!.toUpperCase()}${change.slice(1)}`
}

function nodeChange(current: Node, previous: Node): string {
  if (previous.spec.unschedulable && !current.spec.unschedulable) return "NodeTaint"
  if (isChanged(current.status.allocatable, previous.status.allocatable)) return "NodeAllocatable"
  if (isChanged(current.metadata.labels, previous.metadata.labels)) return "NodeLabel"
  if (isChanged(current.spec.taints, previous.spec.taints)) return "NodeTaint"
  if (isChanged(current.status.declaredFeatures, previous.status.declaredFeatures))
    return "NodeDeclaredFeature"
  return ""
}

/** Also of a pod that waits itself. */
export function podChange(current: Pod, previous: Pod): string {
  if (isChanged(current.metadata.labels, previous.metadata.labels)) return "PodLabel"
  if (asksForLess(podInfo(current), podInfo(previous))) return "PodScaleDown"
  if (!current.spec.schedulingGates?.length && previous.spec.schedulingGates?.length)
    return "PodSchedulingGatesEliminated"
  if (current.spec.tolerations?.length !== previous.spec.tolerations?.length) return "PodToleration"
  if (claimsChanged(current, previous)) return "PodGeneratedResourceClaim"
  return ""
}

/** Claims were made for the pod. */
export function claimsChanged({ status }: Pod, { status: before }: Pod): boolean {
  return (
    isChanged(status.resourceClaimStatuses, before.resourceClaimStatuses) ||
    isChanged(status.extendedResourceClaimStatus, before.extendedResourceClaimStatus)
  )
}
