import { createHash } from "node:crypto"

// The kernel allows 15 characters (IFNAMSIZ - 1): 7 for the cluster, 8 for the pod.
const podCharacters = 8

/**
 * What the names of everything we make in the kernel start with: interfaces, nftables tables. Eight characters less than
 * an interface name may have, different for every cluster on a machine, so that `down` knows what is ours.
 */
export function clusterPrefix(clusterId: string): string {
  return `cor${shortHash(clusterId, 4)}`
}

/** The host's end of a pod's cable. */
export function podInterfaceName(prefix: string, podUid: string): string {
  return `${prefix}${shortHash(podUid, podCharacters)}`
}

/** The interface that carries the node's own addresses in the pod network: the gateway and the DNS server. */
export function nodeInterfaceName(prefix: string): string {
  return `${prefix}-node`
}

export function overlayInterfaceName(prefix: string): string {
  return `${prefix}-vxlan`
}

/** The number of the routing table for answers that return by the overlay (overlay/return-path.ts). */
export function routingTable(prefix: string): string {
  return String(0x15700000 + (Number.parseInt(prefix.slice(-4), alphabet.length) || 0))
}

const alphabet = "0123456789abcdefghijklmnopqrstuv"

/** Letters and digits only: interface names are also used in shell and nftables text. */
function shortHash(text: string, length: number): string {
  const digest = createHash("sha256").update(text).digest()
  return Array.from({ length }, (_, index) => alphabet[digest[index]! & 31]).join("")
}
