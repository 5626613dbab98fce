import {
  always,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const BoundObjectReference = message("io.k8s.api.authentication.v1.BoundObjectReference", {
  kind: field(1, string),
  apiVersion: field(2, string),
  name: field(3, string),
  uid: field(4, string),
})
export interface BoundObjectReference extends Infer<typeof BoundObjectReference> {}

export const TokenRequestSpec = message("io.k8s.api.authentication.v1.TokenRequestSpec", {
  audiences: always(1, list(string)),
  expirationSeconds: optional(4, int64, { default: 3600 }),
  boundObjectRef: optional(3, BoundObjectReference, { writtenAsNull: true }),
})
export interface TokenRequestSpec extends Infer<typeof TokenRequestSpec> {}

export const TokenRequestStatus = message("io.k8s.api.authentication.v1.TokenRequestStatus", {
  token: always(1, string),
  expirationTimestamp: always(2, time),
})
export interface TokenRequestStatus extends Infer<typeof TokenRequestStatus> {}

export const TokenRequestSchema = message("io.k8s.api.authentication.v1.TokenRequest", {
  ...objectFields,
  spec: always(2, TokenRequestSpec),
  status: always(3, TokenRequestStatus),
})
export interface TokenRequest extends Infer<typeof TokenRequestSchema> {}
