import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from "./access-review.ts"

export const SubjectAccessReviewSchema = message("io.k8s.api.authorization.v1.SubjectAccessReview", {
  ...objectFields,
  spec: always(2, SubjectAccessReviewSpec, { required: true }),
  status: always(3, SubjectAccessReviewStatus),
})
/** Asks whether somebody may do something. */
export interface SubjectAccessReview extends Infer<typeof SubjectAccessReviewSchema> {}

export const SubjectAccessReview = resource<SubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  namespaced: false,
  verbs: ["create"],
  columns: defaultColumns,
  schema: SubjectAccessReviewSchema,
})
