import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { isReservedFor, type PodClaim } from "../../api/resource/pod-resource-claims.ts"
import { isTerminal } from "../shared/pods.ts"

/** On a claim that was made from a template: which of its pod's claims it is. */
export const podClaimAnnotation = "resource.kubernetes.io/pod-claim-name"
/** Keeps a claim as long as devices are allocated for it. */
export const claimFinalizer = "resource.kubernetes.io/delete-protection"
/** More pods cannot share a claim. */
const maxConsumers = 256

/** It needs its devices no more: it has ended, or goes without ever having had a node. */
export function isDone(pod: Pod): boolean {
  return isTerminal(pod) || (pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName)
}

/** Devices are there for a pod that runs already, and there is room for it among who uses them. */
export function mayReserve(claim: ResourceClaim, pod: Pod): boolean {
  const { reservedFor = [], allocation } = claim.status
  return allocation !== undefined && reservedFor.length < maxConsumers && !isReservedFor(claim, pod)
}

/** "web-gpu-": both names are cut alike where they are too long for a name with a suffix. */
export function generateNameOf(pod: Pod, claim: PodClaim): string {
  const { name } = pod.metadata
  const whole = `${name}-${claim.name}-`
  const most = 57
  if (whole.length <= most) return whole
  const cut = (text: string) => text.slice(0, Math.floor((text.length * most) / whole.length))
  return `${cut(name)}-${cut(claim.name)}`
}
