import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, message, optional, string } from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const IngressClassParametersReference = message(
  "io.k8s.api.networking.v1.IngressClassParametersReference",
  {
    apiGroup: optional(1, string),
    kind: always(2, string, { required: true }),
    name: always(3, string, { required: true }),
    scope: optional(4, string, { default: "Cluster" }),
    namespace: optional(5, string),
  },
)
export interface IngressClassParametersReference extends Infer<typeof IngressClassParametersReference> {}

export const IngressClassSpec = message("io.k8s.api.networking.v1.IngressClassSpec", {
  controller: field(1, string),
  parameters: optional(2, IngressClassParametersReference),
})
export interface IngressClassSpec extends Infer<typeof IngressClassSpec> {}

export const IngressClassSchema = message("io.k8s.api.networking.v1.IngressClass", {
  ...objectFields,
  spec: always(2, IngressClassSpec),
})
/** Which controller an Ingress is meant for. */
export interface IngressClass extends Infer<typeof IngressClassSchema> {}

export const IngressClass = resource<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  plural: "ingressclasses",
  namespaced: false,
  columns: [
    { ...nameColumn, cell: formatName },
    column(
      "Controller",
      "Controller that is responsible for handling this class",
      ({ spec }) => spec.controller ?? "",
    ),
    column("Parameters", "A reference to a resource with additional parameters", formatParameters),
    ageColumn,
  ],
  schema: IngressClassSchema,
})

function formatName({ metadata }: IngressClass): string {
  const isDefault = metadata.annotations?.["ingressclass.kubernetes.io/is-default-class"] === "true"
  return isDefault ? `${metadata.name} (default)` : metadata.name
}

function formatParameters({ spec }: IngressClass): string {
  if (!spec.parameters) return "<none>"
  const { kind, apiGroup, name } = spec.parameters
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`
}
