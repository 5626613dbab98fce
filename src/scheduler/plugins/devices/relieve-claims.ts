import type { Clock } from "../../../base/clock.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { parseTime } from "../../../apimachinery/time.ts"
import type { Relief } from "../../framework.ts"
import { isReady, mustBeBound, resultsOf } from "./await-devices.ts"
import { deleteExtendedClaim } from "./write-claim.ts"

/** Its devices have failed to become ready, or take too long: they won't be. */
export function willNotBeReady(
  claim: ResourceClaim,
  bindingTimeoutMs: number,
  clock: Pick<Clock, "now">,
): boolean {
  const { allocation } = claim.status
  if (!allocation || !resultsOf(claim).some(mustBeBound)) return false
  try {
    if (isReady(claim)) return false
  } catch {
    return true
  }
  const { allocationTimestamp } = allocation
  return allocationTimestamp !== undefined && parseTime(allocationTimestamp) + bindingTimeoutMs < clock.now()
}

/**
 * Gives devices back that the pod's claims can't use where they are, so that the next try may choose others. Only of claims
 * that nobody else has.
 */
export function relieve(
  pod: Pod,
  claims: readonly ResourceClaim[],
  unavailable: ReadonlySet<ResourceClaim>,
  stale: ResourceClaim | undefined,
): Relief {
  if (claims.length === 0 && !stale) return { message: "no new claims to deallocate" }
  const idle = Array.from(unavailable).find(
    ({ status }) =>
      status.allocation && status.reservedFor?.every(({ uid }) => uid === pod.metadata.uid) !== false,
  )
  if (idle) {
    const { allocation: _, devices: __, reservedFor: ___, ...status } = idle.status
    return {
      message: "deallocation of ResourceClaim completed",
      act: async ({ client }) => void (await client.updateStatus(ResourceClaim, { ...idle, status })),
    }
  }
  if (stale)
    return {
      message: "deletion of ResourceClaim completed",
      act: (context) => deleteExtendedClaim(stale, context),
    }
  return { message: "still not schedulable" }
}
