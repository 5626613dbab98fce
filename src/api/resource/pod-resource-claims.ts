import type { Pod } from "../core/v1/pod.ts"
import type { ResourceClaim } from "./v1/resource-claim.ts"

export type PodClaim = NonNullable<Pod["spec"]["resourceClaims"]>[number]

/**
 * The name of a pod's claim: said by the pod, or told in its status once one was made; undefined before, "" where the template
 * wants none.
 */
export function claimNameOf({ status }: Pod, claim: PodClaim): string | undefined {
  if (claim.resourceClaimName) return claim.resourceClaimName
  const made = status.resourceClaimStatuses?.find(({ name }) => name === claim.name)
  return made && (made.resourceClaimName ?? "")
}

/** Of all claims that a pod has, the one that its extended resources are taken from among them. */
export function claimNamesOf(pod: Pod): readonly string[] {
  const names = (pod.spec.resourceClaims ?? []).map((claim) => claimNameOf(pod, claim))
  const extended = pod.status.extendedResourceClaimStatus?.resourceClaimName
  return [...names, extended].filter((name) => name !== undefined).filter((name) => name !== "")
}

/** A claim of that name that somebody else made is not this pod's. */
export function isMadeFor({ metadata }: ResourceClaim, pod: Pod): boolean {
  return (
    metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid) === true
  )
}

export function isReservedFor({ status }: ResourceClaim, { metadata }: Pod): boolean {
  return status.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false
}
