import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  list,
  message,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const NamespaceSpec = message("io.k8s.api.core.v1.NamespaceSpec", {
  finalizers: field(1, list(string)),
})
export interface NamespaceSpec extends Infer<typeof NamespaceSpec> {}

export const NamespacePhase = enumeration("Active", "Terminating")
export type NamespacePhase = Infer<typeof NamespacePhase>

export const NamespaceCondition = message("io.k8s.api.core.v1.NamespaceCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastTransitionTime: always(4, time),
  reason: field(5, string),
  message: field(6, string),
})
export interface NamespaceCondition extends Infer<typeof NamespaceCondition> {}

export const NamespaceStatus = message("io.k8s.api.core.v1.NamespaceStatus", {
  phase: field(1, NamespacePhase, { default: "Active" }),
  conditions: field(2, list(NamespaceCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface NamespaceStatus extends Infer<typeof NamespaceStatus> {}

export const NamespaceSchema = message(
  "io.k8s.api.core.v1.Namespace",
  {
    ...objectFields,
    spec: always(2, NamespaceSpec),
    status: always(3, NamespaceStatus),
  },
  { applyDefaults: (namespace) => defaultNamespace(namespace) },
)
/** A scope for names; deleting it deletes all that is in it. */
export interface Namespace extends Infer<typeof NamespaceSchema> {}

export const Namespace = resource<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
  shortNames: ["ns"],
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  hasStatus: true,
  subresources: [{ name: "finalize", kind: "Namespace", verbs: ["update"] }],
  columns: [
    nameColumn,
    column("Status", "The status of the namespace", ({ status }) => status.phase),
    ageColumn,
  ],
  selectableFields: {
    "status.phase": ({ status }) => status.phase,
  },
  schema: NamespaceSchema,
})

/** So that a namespace can be selected by name. */
function defaultNamespace({ metadata }: Namespace): void {
  if (metadata?.name) metadata.labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name }
}
