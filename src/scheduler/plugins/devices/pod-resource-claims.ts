import type { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { controllerOf } from "../../../apimachinery/meta.ts"
import type { Cache } from "../../../client/cache.ts"

/** As many pods may use a claim at once. */
const maxConsumers = 256

/** The claims that a pod uses, or why it can't use one. */
export function resourceClaimsOf(
  pod: Pod,
  find: (name: string, cache: Cache) => ResourceClaim | undefined,
  cache: Cache,
) {
  const claims: ResourceClaim[] = []
  for (const { name, resourceClaimName, resourceClaimTemplateName } of pod.spec.resourceClaims ?? []) {
    const made = pod.status.resourceClaimStatuses?.find((each) => each.name === name)
    if (resourceClaimTemplateName && !made)
      return `pod "${pod.metadata.namespace}/${pod.metadata.name}": ResourceClaim not created yet`
    const claimName = resourceClaimName ?? made?.resourceClaimName
    // Made for a template that wants none.
    if (!claimName) continue
    const claim = find(claimName, cache)
    if (!claim) return `resourceclaim.resource.k8s.io "${claimName}" not found`
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${claimName}" is being deleted`
    if (resourceClaimTemplateName && controllerOf(claim)?.uid !== pod.metadata.uid)
      return `ResourceClaim ${claim.metadata.namespace}/${claimName} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`
    if (!isReservedFor(claim, pod) && (claim.status.reservedFor?.length ?? 0) >= maxConsumers)
      return "resourceclaim in use"
    claims.push(claim)
  }
  return claims
}

export function isReservedFor({ status }: ResourceClaim, { metadata }: Pod): boolean {
  return status.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false
}
