import type { Service } from "../../../../api/core/v1/service.ts"
import type { IPAddress } from "../../../../api/networking/v1/ip-address.ts"
import { formatIp, type IpNetwork, networkHas, parseIp } from "../../../../base/ip-address.ts"
import { isHeadless, needsClusterIp } from "../service-spec.ts"

/** What is wrong with a Service's address or with an IPAddress, and what mends it. */
export interface Repair {
  readonly about: Service | IPAddress
  readonly reason: string
  readonly message: string
  /** Takes this IPAddress away. */
  readonly remove?: string
  /** Then makes it for this Service. */
  readonly make?: { readonly address: string; readonly service: Service }
}

export const managedBy = "ipaddress.kubernetes.io/managed-by"
export const allocator = "ipallocator.k8s.io"

/** An IPAddress without its Service may be one that is just being made. */
const graceMs = 60_000

export interface Observed {
  readonly services: readonly Service[]
  readonly addresses: readonly IPAddress[]
  readonly networks: readonly IpNetwork[]
  readonly nowMs: number
}

/**
 * Services and IPAddresses are written together and never drift apart here; but the store may hold what others have
 * written, or a backup of some of it.
 */
export function planRepair(observed: Observed): Repair[] {
  const byName = new Map(observed.addresses.map((address) => [address.metadata.name, address]))
  const services = observed.services.filter(({ spec }) => needsClusterIp(spec) && !isHeadless(spec))
  const byKey = new Map(services.map((service) => [keyOf(service.metadata), service]))
  const repairs = services.flatMap((service) => repairService(service, observed, byName, byKey))
  const taken = new Set(repairs.map(({ remove }) => remove))
  const others = observed.addresses.filter(({ metadata }) => !taken.has(metadata.name))
  return [...repairs, ...others.flatMap((address) => repairAddress(address, byKey, observed.nowMs))]
}

const keyOf = ({ namespace = "", name = "" }: { readonly namespace?: string; readonly name?: string }) =>
  `${namespace}/${name}`

function repairService(
  service: Service,
  { networks }: Observed,
  byName: ReadonlyMap<string, IPAddress>,
  byKey: ReadonlyMap<string, Service>,
): Repair[] {
  const key = keyOf(service.metadata)
  return (service.spec.clusterIPs ?? []).flatMap((text): Repair | [] => {
    const ip = parseIp(text)
    const about = service
    if (!ip) {
      const message = `Cluster IP ${text} is not a valid IP; please recreate Service`
      return { about, reason: "ClusterIPNotValid", message }
    }
    const named = `[IPv${ip.family}]: ${text}`
    if (!networks.some((network) => networkHas(network, ip))) {
      const message = `Cluster IP ${named} is not within any configured Service CIDR; please recreate service`
      return { about, reason: "ClusterIPOutOfRange", message }
    }
    const address = formatIp(ip)
    const found = byName.get(address)
    const reason = "ClusterIPNotAllocated"
    const make = { address, service }
    if (!found) return { about, reason, message: `Cluster IP ${named} is not allocated; repairing`, make }
    const owner = ownerOf(found)
    if (owner === key) return []
    const other = owner === undefined ? undefined : byKey.get(owner)
    if (other?.spec.clusterIPs?.includes(address)) {
      const message = `Cluster IP [IPv${ip.family}]:${text} was assigned to multiple services; please recreate service`
      return { about, reason: "ClusterIPAlreadyAllocated", message }
    }
    const message = `the ClusterIP ${named} for Service ${key} has a wrong reference; repairing`
    return { about, reason, message, remove: address, make }
  })
}

/** "namespace/name" of the Service that it says it is for. */
function ownerOf({ spec }: IPAddress): string | undefined {
  const { group, resource, namespace, name } = spec?.parentRef ?? {}
  if (group || resource !== "services") return undefined
  return keyOf({ ...(namespace && { namespace }), ...(name && { name }) })
}

function repairAddress(about: IPAddress, byKey: ReadonlyMap<string, Service>, nowMs: number): Repair[] {
  const { name, labels, creationTimestamp } = about.metadata
  if (labels?.[managedBy] !== allocator) return []
  const owner = ownerOf(about)
  if (owner === undefined) {
    const message = `IPAddress ${name} appears to have been modified, not referencing a Service: cleaning up`
    return [{ about, reason: "IPAddressNotAllocated", message, remove: name }]
  }
  const service = byKey.get(owner)
  if (service?.spec.clusterIPs?.includes(name)) return []
  if (nowMs - Date.parse(creationTimestamp) < graceMs) return []
  if (!service) {
    const message = `IPAddress: ${name} for Service ${owner} appears to have leaked: cleaning up`
    return [{ about, reason: "IPAddressNotAllocated", message, remove: name }]
  }
  const message = `IPAddress: ${name} for Service ${owner} has a wrong reference; cleaning up`
  return [{ about, reason: "IPAddressWrongReference", message, remove: name }]
}
