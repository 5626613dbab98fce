import { otherVersion } from "../../other-version.ts"
import { ResourceClaim as V1ResourceClaim } from "../v1/resource-claim.ts"

/** The same as in v1. */
export type ResourceClaim = V1ResourceClaim
export const ResourceClaim = otherVersion(V1ResourceClaim, "v1beta2")
