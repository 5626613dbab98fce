import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { quote } from "../../../base/quote.ts"
import type { Errors } from "../../validation/checks.ts"
import type { CustomResourceDefinition } from "../v1/custom-resource-definition.ts"

// Groups under the community's own domains need its approval (https://github.com/kubernetes/enhancements/pull/1111).

const annotation = "api-approved.kubernetes.io"
const policy = "see https://github.com/kubernetes/enhancements/pull/1111"

export interface Approval {
  readonly state: "approved" | "bypassed" | "missing" | "invalid"
  readonly reason: string
}

/** What the annotation says; undefined for groups that need no approval. */
export function approvalState(
  group: string,
  annotations: Readonly<Record<string, string>> | undefined,
): Approval | undefined {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return undefined
  const value = annotations?.[annotation] ?? ""
  const need = `protected groups must have approval annotation ${quote(annotation)}`
  if (value === "") return { state: "missing", reason: `${need}, ${policy}` }
  if (value.startsWith("unapproved")) return { state: "bypassed", reason: `not approved: ${quote(value)}` }
  if (URL.canParse(value) && new URL(value).host !== "")
    return { state: "approved", reason: `approved in ${value}` }
  const how = `${need} with either a URL or a reason starting with "unapproved"`
  return { state: "invalid", reason: `${how}, ${policy}` }
}

/** What was let in before may stay as it is. */
export function* validateApproval(
  { spec, metadata }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): Errors {
  const approval = approvalState(spec.group, metadata.annotations)
  if (!approval) return
  if (old && approvalState(old.spec.group, old.metadata.annotations)?.state === approval.state) return
  const path = fieldPath("metadata", "annotations").key(annotation)
  if (approval.state === "invalid")
    yield invalidValue(path, metadata.annotations?.[annotation] ?? "", approval.reason)
  if (approval.state === "missing") yield requiredValue(path, approval.reason)
}
