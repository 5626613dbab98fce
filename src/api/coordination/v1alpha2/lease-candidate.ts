import { otherVersion } from "../../other-version.ts"
import { LeaseCandidate as V1beta1LeaseCandidate } from "../v1beta1/lease-candidate.ts"

/** The same as in v1beta1. */
export type LeaseCandidate = V1beta1LeaseCandidate
export const LeaseCandidate = otherVersion(V1beta1LeaseCandidate, "v1alpha2")
