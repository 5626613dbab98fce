import { formatIp, ipFamily, parseIp, parseNetwork } from "../../base/ip-address.ts"
import type { Node } from "../../api/core/v1/node.ts"

/** How packets for pods of another node get there: in VXLAN packets between the nodes, or routed as they are. */
export type OverlayMode = "vxlan" | "host-gw"

/** What this node must know to reach the pods of all others. */
export interface OverlayPlan {
  readonly routes: readonly OverlayRoute[]
  /** VXLAN only: other nodes themselves, for answers that return by the overlay (return-path.ts). */
  readonly returns: readonly OverlayRoute[]
  /** VXLAN only: the other ends, as if they were on the same link. */
  readonly peers: readonly OverlayPeer[]
  /** Nodes with pods that have no address by which this one could reach them. */
  readonly outOfReach: readonly string[]
}

export interface OverlayRoute {
  /** A pod network of another node, or its address. */
  readonly destination: string
  readonly via: string
}

export interface OverlayPeer {
  /** The other end's address in the overlay: the route's next hop. */
  readonly address: string
  readonly macAddress: string
  /** The node's address in the network below. */
  readonly nodeAddress: string
}

/** Who asks for the way to the others. */
export interface OverlaySelf {
  readonly nodeName: string
  /** Its address in the network below: VXLAN packets go between addresses of one family. */
  readonly nodeAddress: string
}

/**
 * A route to each pod network of each other node. The address and MAC of a node's end follow from its pod network, so
 * nodes need not tell each other: whoever reads the Nodes knows all (flannel has them written into annotations).
 */
export function planOverlay(nodes: readonly Node[], self: OverlaySelf, mode: OverlayMode): OverlayPlan {
  const routes: OverlayRoute[] = []
  const returns: OverlayRoute[] = []
  const peers: OverlayPeer[] = []
  const outOfReach: string[] = []
  for (const node of nodes) {
    const addresses = internalAddresses(node)
    const podCidrs = podCidrsOf(node)
    if (node.metadata.name === self.nodeName || addresses.length === 0 || podCidrs.length === 0) continue
    const nodeAddress = addresses.find((address) => ipFamily(address) === ipFamily(self.nodeAddress))
    if (mode === "vxlan" && !nodeAddress) {
      outOfReach.push(node.metadata.name)
      continue
    }
    for (const podCidr of podCidrs) {
      const family = ipFamily(podCidr)
      const ofFamily = addresses.filter((address) => ipFamily(address) === family)
      const via = mode === "vxlan" ? overlayAddress(podCidr) : ofFamily[0]
      if (!via) {
        outOfReach.push(node.metadata.name)
        continue
      }
      routes.push({ destination: podCidr, via })
      if (mode !== "vxlan" || !nodeAddress) continue
      peers.push({ address: via, macAddress: overlayMacAddress(podCidrs[0]!), nodeAddress })
      returns.push(...ofFamily.map((destination) => ({ destination, via })))
    }
  }
  return { routes, returns, peers, outOfReach }
}

export function podCidrsOf({ spec }: Node): readonly string[] {
  const cidrs = spec?.podCIDRs?.length ? spec.podCIDRs : spec?.podCIDR ? [spec.podCIDR] : []
  return cidrs.filter((cidr) => parseNetwork(cidr))
}

/** A node's end of the overlay: the address of its pod network that no pod can have. */
export function overlayAddress(podCidr: string): string {
  const network = parseNetwork(podCidr)!
  return formatIp({ family: network.family, value: network.base })
}

/** Locally administered, and unique because pod networks are. */
export function overlayMacAddress(podCidr: string): string {
  const { base, family } = parseNetwork(podCidr)!
  // Of an IPv6 network the 32 bits that tell nodes apart are those before the pods' own.
  const bits = family === 4 ? base : base >> 64n
  const hex = (bits & 0xffffffffn).toString(16).padStart(8, "0")
  return `0e:58:${hex.match(/../g)!.join(":")}`
}

/** Where other nodes reach a node, the first one first. */
export function internalAddresses({ status }: Node): readonly string[] {
  const internal = status?.addresses?.filter(({ type, address }) => type === "InternalIP" && parseIp(address))
  return internal?.map(({ address }) => address) ?? []
}
