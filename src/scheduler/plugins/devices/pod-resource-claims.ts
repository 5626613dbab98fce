import type { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { claimNameOf, isMadeFor, isReservedFor } from "../../../api/resource/pod-resource-claims.ts"
import type { Cache } from "../../../client/cache.ts"

/** As many pods may use a claim at once. */
const maxConsumers = 256

/** The claims that a pod uses, or why it has to wait for one. */
export function resourceClaimsOf(
  pod: Pod,
  find: (name: string, cache: Cache) => ResourceClaim | undefined,
  cache: Cache,
) {
  const claims: ResourceClaim[] = []
  for (const podClaim of pod.spec.resourceClaims ?? []) {
    const { resourceClaimTemplateName } = podClaim
    const claimName = claimNameOf(pod, podClaim)
    if (resourceClaimTemplateName && claimName === undefined)
      return `pod "${pod.metadata.namespace}/${pod.metadata.name}": ResourceClaim not created yet`
    // Made for a template that wants none.
    if (!claimName) continue
    const claim = find(claimName, cache)
    if (!claim) return `resourceclaim.resource.k8s.io "${claimName}" not found`
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${claimName}" is being deleted`
    if (resourceClaimTemplateName && !isMadeFor(claim, pod))
      return `ResourceClaim ${claim.metadata.namespace}/${claimName} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`
    claims.push(claim)
  }
  return claims
}

/** Others have it, as many as may. */
export function isInUse(claim: ResourceClaim, pod: Pod): boolean {
  const { allocation, reservedFor = [] } = claim.status
  return allocation !== undefined && reservedFor.length >= maxConsumers && !isReservedFor(claim, pod)
}
