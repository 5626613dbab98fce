import type { IPAddress } from "../../api/networking/v1/ip-address.ts"
import type { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts"
import { networkHas, networkIncludes, parseIp, parseNetwork } from "../../base/ip-address.ts"

const managedBy = "ipaddress.kubernetes.io/managed-by"
const allocator = "ipallocator.k8s.io"

/** The networks that an address lies in. */
export function networksHolding(address: IPAddress, cidrs: readonly ServiceCIDR[]): ServiceCIDR[] {
  const ip = parseIp(address.metadata.name)
  return ip ? cidrs.filter((cidr) => networksOf(cidr).some((network) => networkHas(network, ip))) : []
}

/** Addresses of Services that would belong to no network any more without `cidr`. */
export function findOrphans(
  cidr: ServiceCIDR,
  cidrs: readonly ServiceCIDR[],
  addresses: readonly IPAddress[],
): readonly IPAddress[] {
  const others = cidrs.filter(({ metadata }) => metadata.name !== cidr.metadata.name)
  const isCovered = networksOf(cidr).every((network) =>
    others.some((other) => networksOf(other).some((outer) => networkIncludes(outer, network))),
  )
  if (isCovered) return []
  return addresses.filter(
    (address) =>
      address.metadata.labels?.[managedBy] === allocator &&
      networksHolding(address, [cidr]).length > 0 &&
      networksHolding(address, others).length === 0,
  )
}

function networksOf({ spec }: ServiceCIDR) {
  return (spec?.cidrs ?? []).map(parseNetwork).filter((network) => network !== undefined)
}
