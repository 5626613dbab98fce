import { formatIp, type IpFamily, ipFamily, parseNetwork } from "../../base/ip-address.ts"
import type { OverlayMode } from "../../network/overlay/plan-overlay.ts"

/**
 * The address ranges of a cluster, one of each family it has; the first family is that of nodes, and of Services that do not
 * ask for another. They are chosen at its first start and never change.
 */
export interface Networks {
  readonly pods: readonly string[]
  readonly services: readonly string[]
  /** The link of several nodes on one machine. */
  readonly nodes: readonly string[]
  /** How pods of different nodes reach each other. */
  readonly backend: OverlayMode
  /** The Service `kubernetes`: always the first address of the first range. */
  readonly kubernetesService: string
  /** The tenth of each range, as everywhere. */
  readonly dnsServices: readonly string[]
  readonly clusterDomain: string
}

/** What is chosen; the rest of `Networks` follows from it. */
export type NetworkRanges = Pick<Networks, "pods" | "services"> & Partial<Pick<Networks, "nodes" | "backend">>

const firstLink: Readonly<Record<IpFamily, string>> = { 4: "10.212.0.0/24", 6: "fd00:10:212::/64" }

/** `nodes` matters where several nodes are on one machine. */
export function networksOf({ pods, services, nodes, backend = "vxlan" }: NetworkRanges): Networks {
  return {
    pods,
    services,
    nodes: nodes ?? pods.map((range) => firstLink[ipFamily(range)]),
    backend,
    kubernetesService: addressIn(services[0]!, 1n),
    dnsServices: services.map((range) => addressIn(range, 10n)),
    clusterDomain: "cluster.local",
  }
}

function addressIn(cidr: string, offset: bigint): string {
  const network = parseNetwork(cidr)
  if (!network) throw new Error(`${cidr} is no network`)
  return formatIp({ family: network.family, value: network.base + offset })
}

/** What kubeadm's users know; it is taken unless the machine uses some of it already. */
export const usualNetworks = networksOf({ pods: ["10.244.0.0/16"], services: ["10.96.0.0/12"] })
