import {
  type IpFamily,
  ipFamily,
  type IpNetwork,
  networkIncludes,
  networkOf,
  parseIp,
  parseNetwork,
} from "../../base/ip-address.ts"
import { type NetworkRanges, type Networks, networksOf } from "./networks.ts"

/** What somebody has asked for; the rest is chosen. */
export type NetworkWishes = Partial<Pick<NetworkRanges, "pods" | "services" | "backend">> & {
  /** @default those of the ranges asked for, else IPv4 alone */
  readonly families?: readonly IpFamily[]
}

/** More clusters on one machine than this run out of ranges. */
const maxClusters = 32

/**
 * Ranges that overlap nothing that the machine has a route for, as far as they are not asked for. Throws when there are none
 * left.
 */
export function planNetworks(routes: readonly string[], wishes: NetworkWishes = {}): Networks {
  const { pods, services, backend } = wishes
  const families = wishes.families ?? (pods ?? services)?.map(ipFamily) ?? [4]
  const taken = [...routes, ...(pods ?? []), ...(services ?? [])].flatMap((text) => toNetwork(text) ?? [])
  for (let index = 0; index < maxClusters; index++) {
    const ranges = families.map((family) => candidates[family](index))
    const chosen = {
      pods: pods ?? ranges.map((range) => range.pods),
      services: services ?? ranges.map((range) => range.services),
      nodes: ranges.map((range) => range.nodes),
    }
    const free = [...(pods ? [] : chosen.pods), ...(services ? [] : chosen.services), ...chosen.nodes]
    if (free.every((range) => !overlapsAny(range, taken)))
      return networksOf({ ...chosen, ...(backend && { backend }) })
  }
  const space = families.map((family) => (family === 4 ? "10.0.0.0/8" : "fd00:10::/32")).join(" and ")
  throw new Error(
    `no address range of ${space} is left for another cluster: stop one, free some routes (ip route), or choose ranges (--pod-network-cidr, --service-cidr)`,
  )
}

type Candidate = Readonly<Record<"pods" | "services" | "nodes", string>>

const candidates: Readonly<Record<IpFamily, (index: number) => Candidate>> = {
  4: (index) => ({
    pods: `10.${244 - index}.0.0/16`,
    services: index === 0 ? "10.96.0.0/12" : `10.${111 + index}.0.0/16`,
    nodes: `10.212.${index}.0/24`,
  }),
  6: (index) => ({
    pods: `fd00:10:${244 - index}::/56`,
    services: `fd00:10:${96 + index}::/112`,
    nodes: index === 0 ? "fd00:10:212::/64" : `fd00:10:212:${index}::/64`,
  }),
}

function overlapsAny(range: string, others: readonly IpNetwork[]): boolean {
  const network = parseNetwork(range)!
  return others.some((other) => networkIncludes(network, other) || networkIncludes(other, network))
}

/** "10.244.0.5" and "10.96.0.0/12"; the default route is nobody's range. */
function toNetwork(route: string): IpNetwork | undefined {
  const address = route.includes("/") ? undefined : parseIp(route)
  const network = address ? networkOf(address, address.family === 4 ? 32 : 128) : parseNetwork(route)
  return network && network.prefixLength > 0 ? network : undefined
}
