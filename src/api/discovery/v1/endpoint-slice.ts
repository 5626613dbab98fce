import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  int32,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, formatWithMore, nameColumn, orUnset, textOf } from "../../columns.ts"
import { Protocol } from "../../core/v1/container.ts"
import { ObjectReference } from "../../core/v1/object-reference.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const AddressType = enumeration("FQDN", "IPv4", "IPv6")
export type AddressType = Infer<typeof AddressType>

export const EndpointConditions = message("io.k8s.api.discovery.v1.EndpointConditions", {
  ready: optional(1, bool),
  serving: optional(2, bool),
  terminating: optional(3, bool),
})
export interface EndpointConditions extends Infer<typeof EndpointConditions> {}

export const ForZone = message("io.k8s.api.discovery.v1.ForZone", {
  name: always(1, string, { required: true }),
})
export interface ForZone extends Infer<typeof ForZone> {}

export const ForNode = message("io.k8s.api.discovery.v1.ForNode", {
  name: always(1, string, { required: true }),
})
export interface ForNode extends Infer<typeof ForNode> {}

export const EndpointHints = message("io.k8s.api.discovery.v1.EndpointHints", {
  forZones: field(1, list(ForZone)),
  forNodes: field(2, list(ForNode)),
})
export interface EndpointHints extends Infer<typeof EndpointHints> {}

export const Endpoint = message("io.k8s.api.discovery.v1.Endpoint", {
  addresses: always(1, list(string, { type: "set" }), { required: true }),
  conditions: always(2, EndpointConditions),
  hostname: optional(3, string),
  targetRef: optional(4, ObjectReference),
  deprecatedTopology: field(5, mapOf(string)),
  nodeName: optional(6, string),
  zone: optional(7, string),
  hints: optional(8, EndpointHints),
})
export interface Endpoint extends Infer<typeof Endpoint> {}

export const EndpointPort = message(
  "io.k8s.api.discovery.v1.EndpointPort",
  {
    name: optional(1, string, { default: "" }),
    protocol: optional(2, Protocol, { default: "TCP" }),
    port: optional(3, int32),
    appProtocol: optional(4, string),
  },
  { atomic: true },
)
export interface EndpointPort extends Infer<typeof EndpointPort> {}

export const EndpointSliceSchema = message("io.k8s.api.discovery.v1.EndpointSlice", {
  ...objectFields,
  addressType: always(4, AddressType, { required: true }),
  endpoints: always(2, list(Endpoint)),
  ports: always(3, list(EndpointPort)),
})
/** A part of the addresses behind a Service, of one address family. */
export interface EndpointSlice extends Infer<typeof EndpointSliceSchema> {}

export const EndpointSlice = resource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
  columns: [
    nameColumn,
    column(
      "AddressType",
      textOf("discovery.v1.EndpointSlice", "addressType"),
      ({ addressType }) => addressType,
    ),
    column("Ports", textOf("discovery.v1.EndpointSlice", "ports"), formatPorts),
    column("Endpoints", textOf("discovery.v1.EndpointSlice", "endpoints"), formatAddresses),
    ageColumn,
  ],
  schema: EndpointSliceSchema,
})

function formatPorts({ ports }: EndpointSlice): string {
  return orUnset(formatWithMore((ports ?? []).map(({ port, name }) => String(port ?? name ?? "*"))))
}

function formatAddresses({ endpoints }: EndpointSlice): string {
  return orUnset(formatWithMore((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])))
}
