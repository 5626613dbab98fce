import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, message, optional, string } from "../../../apimachinery/schema.ts"
import { column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const ParentReference = message("io.k8s.api.networking.v1.ParentReference", {
  group: field(1, string),
  resource: field(2, string, { required: true }),
  namespace: field(3, string),
  name: field(4, string, { required: true }),
})
export interface ParentReference extends Infer<typeof ParentReference> {}

export const IPAddressSpec = message("io.k8s.api.networking.v1.IPAddressSpec", {
  parentRef: optional(1, ParentReference, { required: true }),
})
export interface IPAddressSpec extends Infer<typeof IPAddressSpec> {}

export const IPAddressSchema = message("io.k8s.api.networking.v1.IPAddress", {
  ...objectFields,
  spec: always(2, IPAddressSpec, { required: true }),
})
/** An address that is taken, and by whom. */
export interface IPAddress extends Infer<typeof IPAddressSchema> {}

export const IPAddress = resource<IPAddress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  plural: "ipaddresses",
  namespaced: false,
  shortNames: ["ip"],
  columns: [
    nameColumn,
    column(
      "ParentRef",
      "ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.",
      formatParent,
    ),
  ],
  schema: IPAddressSchema,
})

function formatParent({ spec }: IPAddress): string {
  if (!spec.parentRef) return "<none>"
  const { group, resource: plural = "", namespace, name } = spec.parentRef
  const owner = (group ? `${plural}.${group}` : plural).toLowerCase()
  return [owner, ...(namespace ? [namespace] : []), name].join("/")
}
