import {
  formatIp,
  type IpFamily,
  ipFamily,
  networkHas,
  parseIp,
  parseNetwork,
} from "../../base/ip-address.ts"
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Service, ServicePort } from "../../api/core/v1/service.ts"
import type { NodeView } from "./node-view.ts"
import { selectEndpoints, type SelectedEndpoints } from "./select-endpoints.ts"
import { endpointsByPort, type ServiceEndpoint } from "./service-endpoint.ts"

/** One address and port at which a Service is reached, and what becomes of new connections to it. */
export interface Frontend {
  readonly kind: "cluster-ip" | "external-ip" | "load-balancer" | "node-port"
  readonly family: IpFamily
  /** Absent for node ports: every address of the node. */
  readonly address?: string
  readonly protocol: Protocol
  readonly port: number
  readonly route: Route
  /** For connections from pods and from the node itself, where theirs differ. */
  readonly insideRoute?: Route
  readonly affinity?: ClientAffinity
  /** Who may connect; absent: everybody. */
  readonly sourceRanges?: readonly string[]
  /** UDP alone: the endpoints that answer, whether or not they get new connections from here. */
  readonly servingEndpoints?: readonly EndpointAddress[]
}

/** Connections from one client address go to the same endpoint until this long after the last one. */
export interface ClientAffinity {
  readonly seconds: number
  /** Tells the ports of Services apart, e.g. "default/web/tcp-80": whatever its address, a port sends a client to one endpoint. */
  readonly servicePort: string
}

export type Protocol = "tcp" | "udp" | "sctp"

export type Route =
  | {
      readonly to: "endpoints"
      readonly endpoints: readonly EndpointAddress[]
      readonly scope: "cluster" | "local"
      readonly masquerade: Masquerade
    }
  | { readonly to: "reject" }
  | { readonly to: "drop" }

export interface EndpointAddress {
  readonly address: string
  readonly port: number
}

/**
 * Whose source address is replaced by the node's, so that answers come back through it:
 * - `always`: traffic from outside that may be sent on to another node
 * - `strangers`: all but pods, whose addresses every node can reach
 * - `never`: traffic from outside to endpoints of this node, which see the client's address
 */
export type Masquerade = "always" | "strangers" | "never"

export interface ServicePlan {
  readonly frontends: readonly Frontend[]
  /** Endpoints of this node may call themselves through the Service. */
  readonly localAddresses: readonly string[]
  readonly clusterIPs: readonly string[]
  /** Tells load balancers outside whether this node has endpoints. */
  readonly healthCheck?: { readonly port: number; readonly localEndpoints: number }
}

const defaultAffinitySeconds = 10_800

/** The plan for a Service that has an address of its own; undefined for headless and external-name ones. */
export function planService(
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): ServicePlan | undefined {
  const { spec } = service
  if (spec.type === "ExternalName" || !spec.clusterIP || spec.clusterIP === "None") return undefined
  const clusterIPs = (spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP]).map(canonical)
  const frontends: Frontend[] = []
  const localAddresses = new Set<string>()
  let readyHere = 0
  for (const clusterIP of clusterIPs) {
    const family = ipFamily(clusterIP)
    const byPort = endpointsByPort(slices, family, node.nodeName)
    const readyOfFamily = new Set<string>()
    for (const port of spec.ports ?? []) {
      const endpoints = byPort.get(port.name ?? "") ?? []
      const selected = selectEndpoints(endpoints, node)
      frontends.push(...planPort({ service, port, family, clusterIP, endpoints, selected, node }))
      for (const endpoint of [...selected.cluster, ...selected.local])
        if (endpoint.local) localAddresses.add(canonical(endpoint.address))
      for (const endpoint of endpoints)
        if (endpoint.local && endpoint.ready) readyOfFamily.add(endpoint.address)
    }
    // A pod with addresses of both families is one endpoint.
    readyHere = Math.max(readyHere, readyOfFamily.size)
  }
  const healthCheckPort =
    isExternal(service) && spec.externalTrafficPolicy === "Local" && spec.healthCheckNodePort
  return {
    frontends,
    localAddresses: Array.from(localAddresses),
    clusterIPs,
    ...(healthCheckPort && { healthCheck: { port: healthCheckPort, localEndpoints: readyHere } }),
  }
}

interface PortInput {
  readonly service: Service
  readonly port: ServicePort
  readonly family: IpFamily
  readonly clusterIP: string
  readonly endpoints: readonly ServiceEndpoint[]
  readonly selected: SelectedEndpoints
  readonly node: NodeView
}

function planPort(input: PortInput): Frontend[] {
  const { service, port, family, clusterIP, endpoints, node } = input
  const { spec } = service
  const protocol = (port.protocol ?? "TCP").toLowerCase() as Protocol
  const common = {
    family,
    protocol,
    ...(spec.sessionAffinity === "ClientIP" && { affinity: affinityOf(service, protocol, port) }),
    ...(protocol === "udp" && {
      servingEndpoints: endpoints.filter(({ serving }) => serving).map(addressOf),
    }),
  }
  const isOurs = (address: string) => ipFamily(address) === family
  const internal = internalRoute(input)
  const external = externalRoutes(input)
  const frontends: Frontend[] = [
    { ...common, kind: "cluster-ip", address: clusterIP, port: port.port, route: internal },
  ]
  for (const address of (spec.externalIPs ?? []).filter(isOurs).map(canonical))
    frontends.push({ ...common, kind: "external-ip", address, port: port.port, ...external })
  const ranges = (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(isOurs)
  for (const address of loadBalancerAddresses(service).filter(isOurs).map(canonical)) {
    const sources = ranges.length > 0 ? { sourceRanges: allowedSources(ranges, address, node) } : {}
    frontends.push({ ...common, kind: "load-balancer", address, port: port.port, ...external, ...sources })
  }
  if (port.nodePort && isExternal(service))
    frontends.push({ ...common, kind: "node-port", port: port.nodePort, ...external })
  return frontends
}

function affinityOf({ metadata, spec }: Service, protocol: Protocol, { port }: ServicePort): ClientAffinity {
  return {
    seconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds,
    servicePort: `${metadata.namespace}/${metadata.name}/${protocol}-${port}`,
  }
}

/**
 * Where the load balancer's address is an address of the node, too, the node calls it from that very address: that is allowed
 * if the node itself is.
 */
function allowedSources(
  ranges: readonly string[],
  address: string,
  { addresses = [] }: NodeView,
): readonly string[] {
  const networks = ranges.flatMap((range) => parseNetwork(range) ?? [])
  const nodeIsAllowed = addresses
    .flatMap((each) => parseIp(each) ?? [])
    .some((ip) => networks.some((network) => networkHas(network, ip)))
  return nodeIsAllowed ? [...ranges, `${address}/${ipFamily(address) === 4 ? 32 : 128}`] : ranges
}

function internalRoute({ service, selected }: PortInput): Route {
  const local = service.spec.internalTrafficPolicy === "Local"
  return routeTo(selected, local ? "local" : "cluster", "strangers")
}

/**
 * With the policy "Local", traffic from outside stays on this node and keeps its source. Traffic from inside has no
 * reason to: it takes the way of the policy "Cluster", as if it had asked for the cluster IP.
 */
function externalRoutes({ service, selected }: PortInput): Pick<Frontend, "route" | "insideRoute"> {
  if (service.spec.externalTrafficPolicy !== "Local") return { route: routeTo(selected, "cluster", "always") }
  return {
    route: routeTo(selected, "local", "never"),
    insideRoute: routeTo(selected, "cluster", "strangers"),
  }
}

function routeTo(selected: SelectedEndpoints, scope: "cluster" | "local", masquerade: Masquerade): Route {
  const endpoints = selected[scope]
  if (endpoints.length > 0) return { to: "endpoints", endpoints: endpoints.map(addressOf), scope, masquerade }
  // Somewhere else it is served: clients that retry elsewhere should not be told "refused".
  return { to: selected.any ? "drop" : "reject" }
}

function addressOf({ address, port }: ServiceEndpoint): EndpointAddress {
  return { address, port }
}

/** One address in two spellings would be two for us, and one for the kernel, which would refuse the second. */
function canonical(address: string): string {
  const ip = parseIp(address)
  return ip ? formatIp(ip) : address
}

/** Addresses whose load balancer delivers packets unchanged; one that is a proxy connects to node ports itself. */
function loadBalancerAddresses({ spec, status }: Service): string[] {
  if (spec.type !== "LoadBalancer") return []
  return (status.loadBalancer.ingress ?? []).flatMap(({ ip, ipMode = "VIP" }) =>
    ip && ipMode === "VIP" ? [ip] : [],
  )
}

function isExternal({ spec }: Service): boolean {
  return spec.type === "NodePort" || spec.type === "LoadBalancer"
}
