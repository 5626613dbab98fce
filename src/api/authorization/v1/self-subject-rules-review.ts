import { resource } from "../../../apimachinery/resource.ts"
import { always, bool, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const SelfSubjectRulesReviewSpec = message("io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec", {
  namespace: field(1, string),
})
export interface SelfSubjectRulesReviewSpec extends Infer<typeof SelfSubjectRulesReviewSpec> {}

export const ResourceRule = message("io.k8s.api.authorization.v1.ResourceRule", {
  verbs: always(1, list(string), { required: true }),
  apiGroups: field(2, list(string)),
  resources: field(3, list(string)),
  resourceNames: field(4, list(string)),
})
export interface ResourceRule extends Infer<typeof ResourceRule> {}

export const NonResourceRule = message("io.k8s.api.authorization.v1.NonResourceRule", {
  verbs: always(1, list(string), { required: true }),
  nonResourceURLs: field(2, list(string)),
})
export interface NonResourceRule extends Infer<typeof NonResourceRule> {}

export const SubjectRulesReviewStatus = message("io.k8s.api.authorization.v1.SubjectRulesReviewStatus", {
  resourceRules: always(1, list(ResourceRule), { required: true }),
  nonResourceRules: always(2, list(NonResourceRule), { required: true }),
  incomplete: always(3, bool, { required: true }),
  evaluationError: field(4, string),
})
export interface SubjectRulesReviewStatus extends Infer<typeof SubjectRulesReviewStatus> {}

export const SelfSubjectRulesReviewSchema = message("io.k8s.api.authorization.v1.SelfSubjectRulesReview", {
  ...objectFields,
  spec: always(2, SelfSubjectRulesReviewSpec, { required: true }),
  status: always(3, SubjectRulesReviewStatus),
})
/** Asks what the caller may do in a namespace. */
export interface SelfSubjectRulesReview extends Infer<typeof SelfSubjectRulesReviewSchema> {}

export const SelfSubjectRulesReview = resource<SelfSubjectRulesReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  namespaced: false,
  verbs: ["create"],
  columns: defaultColumns,
  schema: SelfSubjectRulesReviewSchema,
})
