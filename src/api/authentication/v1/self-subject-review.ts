import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { UserInfo } from "./user-info.ts"

export const SelfSubjectReviewStatus = message("io.k8s.api.authentication.v1.SelfSubjectReviewStatus", {
  userInfo: always(1, UserInfo),
})
export interface SelfSubjectReviewStatus extends Infer<typeof SelfSubjectReviewStatus> {}

export const SelfSubjectReviewSchema = message("io.k8s.api.authentication.v1.SelfSubjectReview", {
  ...objectFields,
  status: always(2, SelfSubjectReviewStatus),
})
/** Asks the server who it takes the caller for. */
export interface SelfSubjectReview extends Infer<typeof SelfSubjectReviewSchema> {}

export const SelfSubjectReview = resource<SelfSubjectReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  namespaced: false,
  verbs: ["create"],
  columns: defaultColumns,
  schema: SelfSubjectReviewSchema,
})
