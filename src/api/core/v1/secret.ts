import { encodeBase64 } from "../../../base/base64.ts"
import { encodeUtf8 } from "../../../base/utf8.ts"
import { resource } from "../../../apimachinery/resource.ts"
import {
  bool,
  bytes,
  field,
  type Infer,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const SecretSchema = message(
  "io.k8s.api.core.v1.Secret",
  {
    ...objectFields,
    immutable: optional(5, bool),
    data: field(2, mapOf(bytes)),
    stringData: field(4, mapOf(string)),
    type: field(3, string, { default: "Opaque" }),
  },
  { applyDefaults: (secret) => defaultSecret(secret) },
)
/** Like a ConfigMap, for what should not be seen. */
export interface Secret extends Infer<typeof SecretSchema> {}

export const Secret = resource<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  namespaced: true,
  columns: [
    nameColumn,
    column("Type", textOf("core.v1.Secret", "type"), ({ type }) => type),
    column("Data", textOf("core.v1.Secret", "data"), ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
  selectableFields: {
    type: (secret) => secret.type,
  },
  schema: SecretSchema,
})

/** `stringData` is for writers only. */
function defaultSecret(secret: Secret): void {
  const { stringData } = secret
  if (!stringData) return
  const encoded = Object.entries(stringData).map(([key, text]) => [key, encodeBase64(encodeUtf8(text))])
  secret.data = { ...secret.data, ...(Object.fromEntries(encoded) as Record<string, string>) }
  delete secret.stringData
}
