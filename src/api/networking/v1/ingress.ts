import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  inline,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { Protocol } from "../../core/v1/container.ts"
import { TypedLocalObjectReference } from "../../core/v1/object-reference.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { loadBalancerAddresses } from "../../core/v1/service-columns.ts"

export const ServiceBackendPort = message(
  "io.k8s.api.networking.v1.ServiceBackendPort",
  {
    name: field(1, string),
    number: field(2, int32),
  },
  { atomic: true },
)
export interface ServiceBackendPort extends Infer<typeof ServiceBackendPort> {}

export const IngressServiceBackend = message("io.k8s.api.networking.v1.IngressServiceBackend", {
  name: always(1, string, { required: true }),
  port: always(2, ServiceBackendPort),
})
export interface IngressServiceBackend extends Infer<typeof IngressServiceBackend> {}

export const IngressBackend = message("io.k8s.api.networking.v1.IngressBackend", {
  service: optional(4, IngressServiceBackend),
  resource: optional(3, TypedLocalObjectReference),
})
export interface IngressBackend extends Infer<typeof IngressBackend> {}

export const IngressTLS = message("io.k8s.api.networking.v1.IngressTLS", {
  hosts: field(1, list(string)),
  secretName: field(2, string),
})
export interface IngressTLS extends Infer<typeof IngressTLS> {}

export const PathType = enumeration("Exact", "ImplementationSpecific", "Prefix")
export type PathType = Infer<typeof PathType>

export const HTTPIngressPath = message("io.k8s.api.networking.v1.HTTPIngressPath", {
  path: field(1, string),
  pathType: optional(3, PathType, { required: true }),
  backend: always(2, IngressBackend, { required: true }),
})
export interface HTTPIngressPath extends Infer<typeof HTTPIngressPath> {}

export const HTTPIngressRuleValue = message("io.k8s.api.networking.v1.HTTPIngressRuleValue", {
  paths: always(1, list(HTTPIngressPath), { required: true }),
})
export interface HTTPIngressRuleValue extends Infer<typeof HTTPIngressRuleValue> {}

export const IngressRuleValue = message("io.k8s.api.networking.v1.IngressRuleValue", {
  http: optional(1, HTTPIngressRuleValue),
})
export interface IngressRuleValue extends Infer<typeof IngressRuleValue> {}

export const IngressRule = message("io.k8s.api.networking.v1.IngressRule", {
  host: field(1, string),
  ...inline(2, IngressRuleValue),
})
export interface IngressRule extends Infer<typeof IngressRule> {}

export const IngressSpec = message("io.k8s.api.networking.v1.IngressSpec", {
  ingressClassName: optional(4, string),
  defaultBackend: optional(1, IngressBackend),
  tls: field(2, list(IngressTLS)),
  rules: field(3, list(IngressRule)),
})
export interface IngressSpec extends Infer<typeof IngressSpec> {}

export const IngressPortStatus = message("io.k8s.api.networking.v1.IngressPortStatus", {
  port: always(1, int32, { required: true }),
  protocol: always(2, Protocol, { required: true }),
  error: optional(3, string),
})
export interface IngressPortStatus extends Infer<typeof IngressPortStatus> {}

export const IngressLoadBalancerIngress = message("io.k8s.api.networking.v1.IngressLoadBalancerIngress", {
  ip: field(1, string),
  hostname: field(2, string),
  ports: field(4, list(IngressPortStatus)),
})
export interface IngressLoadBalancerIngress extends Infer<typeof IngressLoadBalancerIngress> {}

export const IngressLoadBalancerStatus = message("io.k8s.api.networking.v1.IngressLoadBalancerStatus", {
  ingress: field(1, list(IngressLoadBalancerIngress)),
})
export interface IngressLoadBalancerStatus extends Infer<typeof IngressLoadBalancerStatus> {}

export const IngressStatus = message("io.k8s.api.networking.v1.IngressStatus", {
  loadBalancer: always(1, IngressLoadBalancerStatus),
})
export interface IngressStatus extends Infer<typeof IngressStatus> {}

export const IngressSchema = message("io.k8s.api.networking.v1.Ingress", {
  ...objectFields,
  spec: always(2, IngressSpec),
  status: always(3, IngressStatus),
})
/** HTTP from outside, routed to Services by host and path. */
export interface Ingress extends Infer<typeof IngressSchema> {}

export const Ingress = resource<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
  namespaced: true,
  shortNames: ["ing"],
  hasStatus: true,
  storagePrefix: "ingress",
  columns: [
    nameColumn,
    column(
      "Class",
      "The name of the IngressClass resource that should be used for additional configuration",
      ({ spec }) => spec.ingressClassName ?? "<none>",
    ),
    column("Hosts", "Hosts that incoming requests are matched against before the ingress rule", formatHosts),
    column("Address", "Address is a list containing ingress points for the load-balancer", ({ status }) =>
      loadBalancerAddresses(status.loadBalancer).join(","),
    ),
    column("Ports", "Ports of TLS configurations that open", ({ spec }) =>
      spec.tls?.length ? "80, 443" : "80",
    ),
    ageColumn,
  ],
  schema: IngressSchema,
})

const mostHosts = 3

/** Rules without a host are for every host, but take a place in the count. */
function formatHosts({ spec }: Ingress): string {
  const rules = spec.rules ?? []
  const hosts: string[] = []
  let hasMore = false
  for (const { host } of rules) {
    if (hosts.length === mostHosts) hasMore = true
    else if (host) hosts.push(host)
  }
  if (hosts.length === 0) return "*"
  return hasMore ? `${hosts.join(",")} + ${rules.length - mostHosts} more...` : hosts.join(",")
}
