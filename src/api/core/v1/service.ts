import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  int32,
  intOrString,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { Protocol } from "./container.ts"
import { serviceColumns } from "./service-columns.ts"

export const ServicePort = message(
  "io.k8s.api.core.v1.ServicePort",
  {
    name: field(1, string),
    protocol: field(2, Protocol, { default: "TCP" }),
    appProtocol: optional(6, string),
    port: always(3, int32, { required: true }),
    targetPort: always(4, intOrString),
    nodePort: field(5, int32),
  },
  { applyDefaults: (port) => defaultServicePort(port) },
)
export interface ServicePort extends Infer<typeof ServicePort> {}

export const ServiceType = enumeration("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
export type ServiceType = Infer<typeof ServiceType>

export const ServiceAffinity = enumeration("ClientIP", "None")
export type ServiceAffinity = Infer<typeof ServiceAffinity>

export const ServiceExternalTrafficPolicy = enumeration("Cluster", "Local")
export type ServiceExternalTrafficPolicy = Infer<typeof ServiceExternalTrafficPolicy>

export const ClientIPConfig = message("io.k8s.api.core.v1.ClientIPConfig", {
  timeoutSeconds: optional(1, int32),
})
export interface ClientIPConfig extends Infer<typeof ClientIPConfig> {}

export const SessionAffinityConfig = message("io.k8s.api.core.v1.SessionAffinityConfig", {
  clientIP: optional(1, ClientIPConfig),
})
export interface SessionAffinityConfig extends Infer<typeof SessionAffinityConfig> {}

export const IPFamily = enumeration("", "IPv4", "IPv6")
export type IPFamily = Infer<typeof IPFamily>

export const IPFamilyPolicy = enumeration("PreferDualStack", "RequireDualStack", "SingleStack")
export type IPFamilyPolicy = Infer<typeof IPFamilyPolicy>

export const ServiceInternalTrafficPolicy = enumeration("Cluster", "Local")
export type ServiceInternalTrafficPolicy = Infer<typeof ServiceInternalTrafficPolicy>

export const ServiceSpec = message(
  "io.k8s.api.core.v1.ServiceSpec",
  {
    ports: field(1, list(ServicePort, { keys: ["port", "protocol"] }), {
      patchStrategy: "merge",
      patchMergeKey: "port",
    }),
    selector: field(2, mapOf(string, { atomic: true })),
    clusterIP: field(3, string),
    clusterIPs: field(18, list(string)),
    type: field(4, ServiceType, { default: "ClusterIP" }),
    externalIPs: field(5, list(string)),
    sessionAffinity: field(7, ServiceAffinity, { default: "None" }),
    loadBalancerIP: field(8, string),
    loadBalancerSourceRanges: field(9, list(string)),
    externalName: field(10, string),
    externalTrafficPolicy: field(11, ServiceExternalTrafficPolicy),
    healthCheckNodePort: field(12, int32),
    publishNotReadyAddresses: field(13, bool),
    sessionAffinityConfig: optional(14, SessionAffinityConfig),
    ipFamilies: field(19, list(IPFamily)),
    ipFamilyPolicy: optional(17, IPFamilyPolicy),
    allocateLoadBalancerNodePorts: optional(20, bool),
    loadBalancerClass: optional(21, string),
    internalTrafficPolicy: optional(22, ServiceInternalTrafficPolicy),
    trafficDistribution: optional(23, string),
  },
  { applyDefaults: (spec) => defaultServiceSpec(spec) },
)
export interface ServiceSpec extends Infer<typeof ServiceSpec> {}

export const PortStatus = message("io.k8s.api.core.v1.PortStatus", {
  port: always(1, int32, { required: true }),
  protocol: always(2, Protocol, { required: true }),
  error: optional(3, string),
})
export interface PortStatus extends Infer<typeof PortStatus> {}

export const LoadBalancerIngress = message("io.k8s.api.core.v1.LoadBalancerIngress", {
  ip: field(1, string),
  hostname: field(2, string),
  ipMode: optional(3, string),
  ports: field(4, list(PortStatus)),
})
export interface LoadBalancerIngress extends Infer<typeof LoadBalancerIngress> {}

export const LoadBalancerStatus = message("io.k8s.api.core.v1.LoadBalancerStatus", {
  ingress: field(1, list(LoadBalancerIngress)),
})
export interface LoadBalancerStatus extends Infer<typeof LoadBalancerStatus> {}

export const ServiceStatus = message("io.k8s.api.core.v1.ServiceStatus", {
  loadBalancer: always(1, LoadBalancerStatus),
  conditions: field(2, list(Condition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface ServiceStatus extends Infer<typeof ServiceStatus> {}

export const ServiceSchema = message(
  "io.k8s.api.core.v1.Service",
  {
    ...objectFields,
    spec: always(2, ServiceSpec),
    status: always(3, ServiceStatus),
  },
  { applyDefaults: (service) => defaultService(service) },
)
/** One stable address for a changing set of pods. */
export interface Service extends Infer<typeof ServiceSchema> {}

export const Service = resource<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  namespaced: true,
  shortNames: ["svc"],
  categories: ["all"],
  hasStatus: true,
  subresources: [
    { name: "proxy", kind: "ServiceProxyOptions", verbs: ["create", "delete", "get", "patch", "update"] },
  ],
  storagePrefix: "services/specs",
  columns: serviceColumns,
  selectableFields: {
    "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "",
    "spec.type": ({ spec }) => spec.type,
  },
  schema: ServiceSchema,
})

function defaultServicePort(port: ServicePort): void {
  if (!port.targetPort) port.targetPort = port.port
}

const clientIPAffinitySeconds = 10_800

function defaultServiceSpec(spec: ServiceSpec): void {
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig
  if (
    spec.sessionAffinity === "ClientIP" &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: clientIPAffinitySeconds } }
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= "Cluster"
  if (["ClusterIP", "NodePort", "LoadBalancer"].includes(spec.type)) spec.internalTrafficPolicy ??= "Cluster"
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true
}

/** Whether traffic may reach it from outside of the cluster. */
export function isExternallyAccessible({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0)
}

function defaultService({ spec, status }: Service): void {
  if (spec?.type !== "LoadBalancer") return
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP"
}
