import type { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { hasFinalizer } from "../shared/finalizers.ts"
import { claimFinalizer } from "./pod-resource-claims.ts"

export interface ClaimPlan {
  /** The status to write; undefined when it is right. */
  readonly status?: ResourceClaim["status"]
  /** Devices are given back: nothing holds the claim any more. */
  readonly release: boolean
}

/**
 * Takes pods that are done off a claim's list. Devices of a claim that nobody uses are given back, when the last pod goes
 * or when the claim itself does.
 *
 * @param isUsing whether who reserved the claim still needs it
 */
export function planClaim(
  claim: ResourceClaim,
  isUsing: (consumer: NonNullable<ResourceClaim["status"]["reservedFor"]>[number]) => boolean,
): ClaimPlan {
  const { reservedFor = [], ...rest } = claim.status
  const remaining = reservedFor.filter(isUsing)
  const isProtected = hasFinalizer(claim, claimFinalizer)
  const isChanged = remaining.length < reservedFor.length
  const isLeft = remaining.length === 0 && (isChanged || claim.metadata.deletionTimestamp !== undefined)
  const release = isLeft && isProtected
  if (!isChanged && !(release && claim.status.allocation)) return { release }
  const { allocation, ...others } = rest
  const status = {
    ...others,
    ...(!release && allocation && { allocation }),
    ...(remaining.length > 0 && { reservedFor: remaining }),
  }
  return { status, release }
}
