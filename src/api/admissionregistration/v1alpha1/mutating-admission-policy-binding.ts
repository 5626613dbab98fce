import { otherVersion } from "../../other-version.ts"
import { MutatingAdmissionPolicyBinding as V1MutatingAdmissionPolicyBinding } from "../v1/mutating-admission-policy-binding.ts"

/** The same as in v1. */
export type MutatingAdmissionPolicyBinding = V1MutatingAdmissionPolicyBinding
export const MutatingAdmissionPolicyBinding = otherVersion(V1MutatingAdmissionPolicyBinding, "v1alpha1", {
  shared: ["Rule", "RuleWithOperations"],
})
