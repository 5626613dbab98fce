import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  formatIp,
  type IpNetwork,
  networkIncludes,
  networkOf,
  parseIp,
  parseNetwork,
} from "../base/ip-address.ts"
import { CommandError, type Commands } from "../base/commands.ts"

/** The address ranges of a cluster. They are chosen at its first start and never change. */
export interface Networks {
  readonly pods: string
  readonly services: string
  /** The link of several nodes on one machine. */
  readonly nodes: string
  /** The Service `kubernetes`: always the first address of the range. */
  readonly kubernetesService: string
  /** The tenth, as everywhere. */
  readonly dnsService: string
  readonly clusterDomain: string
}

/** `nodes` matters where several nodes are on one machine. */
export function networksOf(pods: string, services: string, nodes = "10.212.0.0/24"): Networks {
  return {
    pods,
    services,
    nodes,
    kubernetesService: addressIn(services, 1n),
    dnsService: addressIn(services, 10n),
    clusterDomain: "cluster.local",
  }
}

function addressIn(cidr: string, offset: bigint): string {
  const network = parseNetwork(cidr)
  if (!network) throw new Error(`${cidr} is no network`)
  return formatIp({ family: network.family, value: network.base + offset })
}

/** What kubeadm's users know; it is taken unless the machine uses some of it already. */
export const usualNetworks = networksOf("10.244.0.0/16", "10.96.0.0/12")

/** More clusters on one machine than this run out of ranges. */
const maxClusters = 32

/** Ranges that overlap nothing that the machine has a route for. Throws when there are none left. */
export function planNetworks(routes: readonly string[]): Networks {
  const taken = routes.map(toNetwork).filter((network) => network !== undefined)
  const isFree = (cidr: string) => {
    const network = parseNetwork(cidr)!
    return !taken.some((other) => networkIncludes(network, other) || networkIncludes(other, network))
  }
  for (let index = 0; index < maxClusters; index++) {
    const networks = candidate(index)
    if ([networks.pods, networks.services, networks.nodes].every(isFree)) return networks
  }
  throw new Error(
    "no address range of 10.0.0.0/8 is left for another cluster: stop one, or free some routes (ip route)",
  )
}

function candidate(index: number): Networks {
  if (index === 0) return usualNetworks
  return networksOf(`10.${244 - index}.0.0/16`, `10.${111 + index}.0.0/16`, `10.212.${index}.0/24`)
}

/** "10.244.0.5" and "10.96.0.0/12"; the default route is nobody's range. */
function toNetwork(route: string): IpNetwork | undefined {
  const address = route.includes("/") ? undefined : parseIp(route)
  const network = address ? networkOf(address, address.family === 4 ? 32 : 128) : parseNetwork(route)
  return network && network.prefixLength > 0 ? network : undefined
}

/**
 * The ranges of the cluster in this directory: those it has had, else free ones, remembered.
 *
 * @param isShared control planes elsewhere, which know nothing of this machine, must choose the same: the usual ones
 */
export async function ensureNetworks(
  directory: string,
  commands: Commands,
  isShared = false,
): Promise<Networks> {
  const known = readIfExists(join(directory, fileName))
  if (known) {
    const { pods, services, nodes } = JSON.parse(known) as Partial<Networks>
    return networksOf(pods!, services!, nodes)
  }
  const networks = isShared ? usualNetworks : planNetworks(await listRoutes(commands))
  rememberNetworks(directory, networks)
  return networks
}

/** The ranges of a cluster that is run elsewhere, for a node of it. */
export function rememberNetworks(directory: string, { pods, services, nodes }: Networks): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, fileName), `${JSON.stringify({ pods, services, nodes })}\n`)
}

const fileName = "networks.json"

async function listRoutes(commands: Commands): Promise<string[]> {
  try {
    const routes = JSON.parse(await commands.run("ip", ["-json", "route", "show", "table", "all"])) as {
      dst?: string
    }[]
    return routes.flatMap(({ dst }) => (dst && dst !== "default" ? [dst] : []))
  } catch (error) {
    // Without iproute2 there is no real node either, so no range is really used.
    if (error instanceof CommandError) return []
    throw error
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
