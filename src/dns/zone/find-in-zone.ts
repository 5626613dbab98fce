import { parseIp } from "../../base/ip-address.ts"
import type { Service } from "../../api/core/v1/service.ts"
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { RecordData } from "../wire/answer.ts"
import type { ClusterView } from "./cluster-view.ts"
import type { ZoneSettings } from "./zone-settings.ts"

/** One thing found under a name: a record, or an address behind a port, from which A and SRV records are made. */
export interface Found {
  readonly data?: RecordData
  readonly address?: string
  readonly port?: number
  /** The name that SRV records point to. */
  readonly host?: string
  /** How long clients may keep the record, where not as long as all others. */
  readonly ttlSeconds?: number
}

/** The version of the specification changes with the program alone; CoreDNS lets clients keep it as long. */
const versionTtlSeconds = 28_800

/** Everything under a name, also of types that were not asked for; undefined when there is no such name. */
export function findInZone(
  labels: readonly string[],
  view: ClusterView,
  settings: ZoneSettings,
): Found[] | undefined {
  const kind = labels.at(-1)
  if (kind === "svc") return findService(labels.slice(0, -1), view, settings)
  if (kind === "pod") return findPod(labels.slice(0, -1), view)
  const name = labels.join(".")
  if (name === "dns-version") return [{ data: { type: "TXT", text: "1.1.0" }, ttlSeconds: versionTtlSeconds }]
  if (name === "ns.dns") return settings.serverAddresses.map((address) => ({ address }))
  return name === "dns" ? [] : undefined
}

function findPod(labels: readonly string[], view: ClusterView): Found[] | undefined {
  if (labels.length === 0) return []
  const namespace = labels.at(-1)!
  if (labels.length > 2 || !view.hasNamespace(namespace)) return undefined
  if (labels.length === 1) return []
  const dashed = labels[0]!
  const address = [dashed.replaceAll("-", "."), dashed.replaceAll("-", ":")].find((text) => parseIp(text))
  return address === undefined ? undefined : [{ address }]
}

function findService(
  labels: readonly string[],
  view: ClusterView,
  settings: ZoneSettings,
): Found[] | undefined {
  if (labels.length === 0) return []
  const namespace = labels.at(-1)!
  if (labels.length === 1) return view.hasNamespace(namespace) ? [] : undefined
  const name = labels.at(-2)!
  const service = view.findService(namespace, name)
  if (!service) return undefined
  const rest = labels.slice(0, -2)
  const host = `${name}.${namespace}.svc.${settings.zone}`
  if (rest.length === 0) return findByPort(service, view, host, everyPort)
  if (rest.length === 1)
    return rest[0]!.startsWith("_") ? undefined : findEndpoint(service, rest[0]!, view, host)
  const [port, protocol] = rest as [string, string]
  if (rest.length > 2 || !port.startsWith("_") || !protocol.startsWith("_")) return undefined
  return findByPort(service, view, host, { name: port.slice(1), protocol: protocol.slice(1) })
}

interface PortTest {
  readonly name?: string
  readonly protocol?: string
}

const everyPort: PortTest = {}

function matches(
  test: PortTest,
  port: { name?: string | undefined; protocol?: string | undefined },
): boolean {
  if (test.name === undefined) return true
  return test.name === port.name?.toLowerCase() && test.protocol === (port.protocol ?? "TCP").toLowerCase()
}

function findByPort(service: Service, view: ClusterView, host: string, test: PortTest): Found[] | undefined {
  const { spec } = service
  if (spec.type === "ExternalName") return externalName(spec.externalName ?? "")
  if (isHeadless(service)) return orNothing(findEndpoints(service, view, host, test, () => true))
  const addresses = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ""]
  return orNothing(
    (spec.ports ?? [])
      .filter((port) => matches(test, port))
      .flatMap((port) => addresses.map((address) => ({ address, port: port.port, host }))),
  )
}

function findEndpoint(
  service: Service,
  hostname: string,
  view: ClusterView,
  host: string,
): Found[] | undefined {
  if (service.spec.type === "ExternalName") return undefined
  return orNothing(
    findEndpoints(
      service,
      view,
      host,
      everyPort,
      (endpoint, address) => hostnameOf(endpoint, address) === hostname,
    ),
  )
}

function findEndpoints(
  service: Service,
  view: ClusterView,
  host: string,
  test: PortTest,
  accepts: (endpoint: Endpoint, address: string) => boolean,
): Found[] {
  const { namespace = "", name } = service.metadata
  const found: Found[] = []
  for (const slice of view.slicesOf(namespace, name)) {
    // A Service without ports has addresses all the same.
    const ports: Partial<EndpointPort>[] = slice.ports?.length ? slice.ports : test === everyPort ? [{}] : []
    for (const port of ports.filter((candidate) => matches(test, candidate)))
      forEachReady(slice, (endpoint, address) => {
        if (!accepts(endpoint, address)) return
        const target = `${hostnameOf(endpoint, address)}.${host}`
        found.push({ address, host: target, ...(port.port != null && { port: port.port }) })
      })
  }
  return found
}

function forEachReady(slice: EndpointSlice, visit: (endpoint: Endpoint, address: string) => void): void {
  if (slice.addressType === "FQDN") return
  for (const endpoint of slice.endpoints ?? []) {
    if (endpoint.conditions?.ready === false) continue
    for (const address of endpoint.addresses) visit(endpoint, address)
  }
}

function hostnameOf(endpoint: Endpoint, address: string): string {
  return endpoint.hostname?.toLowerCase() || address.replaceAll(/[.:]/g, "-")
}

/** An external name may also be an address. */
function externalName(target: string): Found[] {
  return parseIp(target)
    ? [{ address: target }]
    : [{ data: { type: "CNAME", target: target.replace(/\.$/, "").toLowerCase() } }]
}

/** Cluster IPs are Services' own; any other address is named after the endpoints that have it. */
export function namesOfAddress(address: string, view: ClusterView, { zone }: ZoneSettings): string[] {
  const services = view.servicesWithAddress(address)
  if (services.length > 0)
    return services.map(({ metadata }) => `${metadata.name}.${metadata.namespace}.svc.${zone}`)
  const names = new Set<string>()
  for (const slice of view.slicesWithAddress(address)) {
    const service = slice.metadata.labels?.["kubernetes.io/service-name"]
    forEachReady(slice, (endpoint, candidate) => {
      if (candidate === address && service)
        names.add(`${hostnameOf(endpoint, address)}.${service}.${slice.metadata.namespace}.svc.${zone}`)
    })
  }
  return Array.from(names)
}

function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === "None" || !spec.clusterIP
}

/** No endpoint, no port of that name: then there is no such name. */
function orNothing(found: Found[]): Found[] | undefined {
  return found.length > 0 ? found : undefined
}
