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

export const ConfigMapSchema = message("io.k8s.api.core.v1.ConfigMap", {
  ...objectFields,
  immutable: optional(4, bool),
  data: field(2, mapOf(string)),
  binaryData: field(3, mapOf(bytes)),
})
/** Settings for pods, as text or bytes by key. */
export interface ConfigMap extends Infer<typeof ConfigMapSchema> {}

export const ConfigMap = resource<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  shortNames: ["cm"],
  columns: [
    nameColumn,
    column(
      "Data",
      textOf("core.v1.ConfigMap", "data"),
      ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    ),
    ageColumn,
  ],
  schema: ConfigMapSchema,
})
