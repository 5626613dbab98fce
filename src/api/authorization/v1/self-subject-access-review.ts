import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message, optional } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from "./access-review.ts"

export const SelfSubjectAccessReviewSpec = message(
  "io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec",
  {
    resourceAttributes: optional(1, ResourceAttributes),
    nonResourceAttributes: optional(2, NonResourceAttributes),
  },
)
export interface SelfSubjectAccessReviewSpec extends Infer<typeof SelfSubjectAccessReviewSpec> {}

export const SelfSubjectAccessReviewSchema = message("io.k8s.api.authorization.v1.SelfSubjectAccessReview", {
  ...objectFields,
  spec: always(2, SelfSubjectAccessReviewSpec, { required: true }),
  status: always(3, SubjectAccessReviewStatus),
})
/** Asks whether the caller may do something. */
export interface SelfSubjectAccessReview extends Infer<typeof SelfSubjectAccessReviewSchema> {}

export const SelfSubjectAccessReview = resource<SelfSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  namespaced: false,
  verbs: ["create"],
  columns: defaultColumns,
  schema: SelfSubjectAccessReviewSchema,
})
