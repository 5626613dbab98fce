import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, formatWithMore, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { Protocol } from "./container.ts"
import { ObjectReference } from "./object-reference.ts"

export const EndpointAddress = message(
  "io.k8s.api.core.v1.EndpointAddress",
  {
    ip: always(1, string, { required: true }),
    hostname: field(3, string),
    nodeName: optional(4, string),
    targetRef: optional(2, ObjectReference),
  },
  { atomic: true },
)
export interface EndpointAddress extends Infer<typeof EndpointAddress> {}

export const EndpointPort = message(
  "io.k8s.api.core.v1.EndpointPort",
  {
    name: field(1, string),
    port: always(2, int32, { required: true }),
    protocol: field(3, Protocol, { default: "TCP" }),
    appProtocol: optional(4, string),
  },
  { atomic: true },
)
export interface EndpointPort extends Infer<typeof EndpointPort> {}

export const EndpointSubset = message("io.k8s.api.core.v1.EndpointSubset", {
  addresses: field(1, list(EndpointAddress)),
  notReadyAddresses: field(2, list(EndpointAddress)),
  ports: field(3, list(EndpointPort)),
})
export interface EndpointSubset extends Infer<typeof EndpointSubset> {}

export const EndpointsSchema = message("io.k8s.api.core.v1.Endpoints", {
  ...objectFields,
  subsets: field(2, list(EndpointSubset)),
})
/** The addresses behind a Service, in one object; EndpointSlice took its place. */
export interface Endpoints extends Infer<typeof EndpointsSchema> {}

export const Endpoints = resource<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  namespaced: true,
  shortNames: ["ep"],
  storagePrefix: "services/endpoints",
  columns: [
    nameColumn,
    column("Endpoints", textOf("core.v1.Endpoints", "subsets"), formatEndpoints),
    ageColumn,
  ],
  schema: EndpointsSchema,
})

const mostEndpoints = 3

function formatEndpoints({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return "<none>"
  const endpoints = subsets.flatMap(({ addresses = [], ports = [] }) =>
    // A headless Service may have addresses without ports.
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  )
  return formatWithMore(endpoints, mostEndpoints)
}
