import {
  always,
  bool,
  field,
  type Infer,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { FieldSelectorRequirement, LabelSelectorRequirement } from "../../meta/v1/label-selector.ts"

// The question and the answer that all access reviews share.

export const FieldSelectorAttributes = message("io.k8s.api.authorization.v1.FieldSelectorAttributes", {
  rawSelector: field(1, string),
  requirements: field(2, list(FieldSelectorRequirement)),
})
export interface FieldSelectorAttributes extends Infer<typeof FieldSelectorAttributes> {}

export const LabelSelectorAttributes = message("io.k8s.api.authorization.v1.LabelSelectorAttributes", {
  rawSelector: field(1, string),
  requirements: field(2, list(LabelSelectorRequirement)),
})
export interface LabelSelectorAttributes extends Infer<typeof LabelSelectorAttributes> {}

export const ResourceAttributes = message("io.k8s.api.authorization.v1.ResourceAttributes", {
  namespace: field(1, string),
  verb: field(2, string),
  group: field(3, string),
  version: field(4, string),
  resource: field(5, string),
  subresource: field(6, string),
  name: field(7, string),
  fieldSelector: optional(8, FieldSelectorAttributes),
  labelSelector: optional(9, LabelSelectorAttributes),
})
export interface ResourceAttributes extends Infer<typeof ResourceAttributes> {}

export const NonResourceAttributes = message("io.k8s.api.authorization.v1.NonResourceAttributes", {
  path: field(1, string),
  verb: field(2, string),
})
export interface NonResourceAttributes extends Infer<typeof NonResourceAttributes> {}

export const SubjectAccessReviewSpec = message("io.k8s.api.authorization.v1.SubjectAccessReviewSpec", {
  resourceAttributes: optional(1, ResourceAttributes),
  nonResourceAttributes: optional(2, NonResourceAttributes),
  user: field(3, string),
  groups: field(4, list(string)),
  extra: field(5, mapOf(list(string, { wrapperField: 1 }))),
  uid: field(6, string),
})
export interface SubjectAccessReviewSpec extends Infer<typeof SubjectAccessReviewSpec> {}

export const SubjectAccessReviewStatus = message("io.k8s.api.authorization.v1.SubjectAccessReviewStatus", {
  allowed: always(1, bool, { required: true }),
  denied: field(4, bool),
  reason: field(2, string),
  evaluationError: field(3, string),
})
export interface SubjectAccessReviewStatus extends Infer<typeof SubjectAccessReviewStatus> {}
