import { resource } from "../../../apimachinery/resource.ts"
import { always, bool, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { UserInfo } from "./user-info.ts"

export const TokenReviewSpec = message("io.k8s.api.authentication.v1.TokenReviewSpec", {
  token: field(1, string, { required: true }),
  audiences: field(2, list(string)),
})
export interface TokenReviewSpec extends Infer<typeof TokenReviewSpec> {}

export const TokenReviewStatus = message("io.k8s.api.authentication.v1.TokenReviewStatus", {
  authenticated: field(1, bool),
  user: always(2, UserInfo),
  audiences: field(4, list(string)),
  error: field(3, string),
})
export interface TokenReviewStatus extends Infer<typeof TokenReviewStatus> {}

export const TokenReviewSchema = message("io.k8s.api.authentication.v1.TokenReview", {
  ...objectFields,
  spec: always(2, TokenReviewSpec, { required: true }),
  status: always(3, TokenReviewStatus),
})
/** Asks whose token this is. */
export interface TokenReview extends Infer<typeof TokenReviewSchema> {}

export const TokenReview = resource<TokenReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  plural: "tokenreviews",
  namespaced: false,
  verbs: ["create"],
  columns: defaultColumns,
  schema: TokenReviewSchema,
})
