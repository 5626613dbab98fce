import { otherVersion } from "../../other-version.ts"
import { MutatingAdmissionPolicy as V1MutatingAdmissionPolicy } from "../v1/mutating-admission-policy.ts"

/** The same as in v1. */
export type MutatingAdmissionPolicy = V1MutatingAdmissionPolicy
export const MutatingAdmissionPolicy = otherVersion(V1MutatingAdmissionPolicy, "v1beta1", {
  shared: ["Rule", "RuleWithOperations"],
})
