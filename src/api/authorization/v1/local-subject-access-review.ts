import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from "./access-review.ts"

export const LocalSubjectAccessReviewSchema = message(
  "io.k8s.api.authorization.v1.LocalSubjectAccessReview",
  {
    ...objectFields,
    spec: always(2, SubjectAccessReviewSpec, { required: true }),
    status: always(3, SubjectAccessReviewStatus),
  },
)
/** Asks whether somebody may do something in one namespace. */
export interface LocalSubjectAccessReview extends Infer<typeof LocalSubjectAccessReviewSchema> {}

export const LocalSubjectAccessReview = resource<LocalSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  namespaced: true,
  verbs: ["create"],
  columns: defaultColumns,
  schema: LocalSubjectAccessReviewSchema,
})
