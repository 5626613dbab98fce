import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { isTerminal } from "../shared/pods.ts"

/** On a claim that was made from a template: which of its pod's claims it is. */
export const podClaimAnnotation = "resource.kubernetes.io/pod-claim-name"
/** Keeps a claim as long as devices are allocated for it. */
export const claimFinalizer = "resource.kubernetes.io/delete-protection"
/** More pods cannot share a claim. */
const maxConsumers = 256

type PodClaim = NonNullable<Pod["spec"]["resourceClaims"]>[number]

/** The name of a pod's claim: said by the pod, or told in its status once one was made; undefined before. */
export function claimNameOf({ status }: Pod, claim: PodClaim): string | undefined {
  if (claim.resourceClaimName) return claim.resourceClaimName
  return status.resourceClaimStatuses?.find(({ name }) => name === claim.name)?.resourceClaimName
}

export function claimNamesOf(pod: Pod): readonly string[] {
  const names = (pod.spec.resourceClaims ?? []).map((claim) => claimNameOf(pod, claim))
  const extended = pod.status.extendedResourceClaimStatus?.resourceClaimName
  return [...names, extended].filter((name) => name !== undefined)
}

export function isMadeFor({ metadata }: ResourceClaim, pod: Pod): boolean {
  return (
    metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid) === true
  )
}

/** It needs its devices no more: it has ended, or goes without ever having had a node. */
export function isDone(pod: Pod): boolean {
  return isTerminal(pod) || (pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName)
}

/** Devices are there for a pod that runs already, and there is room for it among who uses them. */
export function mayReserve({ status }: ResourceClaim, pod: Pod): boolean {
  const { reservedFor = [], allocation } = status
  return (
    allocation !== undefined &&
    reservedFor.length < maxConsumers &&
    !reservedFor.some(({ uid }) => uid === pod.metadata.uid)
  )
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
