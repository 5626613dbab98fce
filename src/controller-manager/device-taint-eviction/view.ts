import type { Pod } from "../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import type { ResourceSlice } from "../../api/resource/v1/resource-slice.ts"
import type { Cache } from "../../client/cache.ts"
import { claimNameOf, isMadeFor, isReservedFor } from "../../api/resource/pod-resource-claims.ts"

export function poolOf({ driver, pool }: { readonly driver: string; readonly pool: string }): string {
  return `${driver}/${pool}`
}

export function poolOfSlice({ spec: { driver, pool } }: ResourceSlice): string {
  return poolOf({ driver, pool: pool.name })
}

/** Names, with the namespace, of the claims that a pod refers to. */
export function claimsOf(pod: Pod): string[] {
  return (pod.spec.resourceClaims ?? [])
    .map((claim) => claimNameOf(pod, claim))
    .filter((name) => name !== undefined && name !== "")
    .map((name) => `${pod.metadata.namespace}/${name}`)
}

/** Those with devices that the pod may use: made for it where they should be, and reserved for it. */
export function claimsInUse(pod: Pod, cache: Cache): ResourceClaim[] {
  return (pod.spec.resourceClaims ?? []).flatMap((reference) => {
    const name = claimNameOf(pod, reference)
    const claim = name && cache.find(ResourceClaim, { namespace: pod.metadata.namespace, name })
    if (!claim || !claim.status.allocation) return []
    if (reference.resourceClaimTemplateName && !isMadeFor(claim, pod)) return []
    return isReservedFor(claim, pod) ? [claim] : []
  })
}

/** Of one pool, what its driver offers now: older generations are on their way out. */
export function newestSlices(slices: readonly ResourceSlice[]): readonly ResourceSlice[] {
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation))
  return slices.filter(({ spec }) => spec.pool.generation === newest)
}
