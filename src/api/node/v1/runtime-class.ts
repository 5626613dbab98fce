import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { ResourceList } from "../../core/v1/resource-requirements.ts"
import { Toleration } from "../../core/v1/toleration.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const Overhead = message("io.k8s.api.node.v1.Overhead", {
  podFixed: field(1, ResourceList),
})
export interface Overhead extends Infer<typeof Overhead> {}

export const Scheduling = message("io.k8s.api.node.v1.Scheduling", {
  nodeSelector: field(1, mapOf(string, { atomic: true })),
  tolerations: field(2, list(Toleration)),
})
export interface Scheduling extends Infer<typeof Scheduling> {}

export const RuntimeClassSchema = message("io.k8s.api.node.v1.RuntimeClass", {
  ...objectFields,
  handler: always(2, string, { required: true }),
  overhead: optional(3, Overhead),
  scheduling: optional(4, Scheduling),
})
/** A way to run containers that a pod may ask for. */
export interface RuntimeClass extends Infer<typeof RuntimeClassSchema> {}

export const RuntimeClass = resource<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  namespaced: false,
  columns: [nameColumn, column("Handler", "", ({ handler }) => handler), ageColumn],
  schema: RuntimeClassSchema,
})
