import type { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { approvalState } from "../../api/apiextensions/validation/api-approval.ts"
import type { Verdict } from "./conditions.ts"

const reasons = {
  invalid: ["False", "InvalidAnnotation"],
  missing: ["False", "MissingAnnotation"],
  approved: ["True", "ApprovedAnnotation"],
  bypassed: ["False", "UnapprovedAnnotation"],
} as const

/** Groups of the community's own name need its approval; undefined for all others. */
export function approvalVerdict({ spec, metadata }: CustomResourceDefinition): Verdict | undefined {
  const approval = approvalState(spec.group, metadata.annotations)
  if (!approval) return undefined
  const [status, reason] = reasons[approval.state]
  return { type: "KubernetesAPIApprovalPolicyConformant", status, reason, message: approval.reason }
}
