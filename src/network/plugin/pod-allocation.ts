import { formatIp, ipFamily, parseIp } from "../../base/ip-address.ts"

/** A port of the node that leads to a container. */
export interface HostPort {
  readonly protocol: "TCP" | "UDP" | "SCTP"
  readonly hostPort: number
  readonly containerPort: number
  /** Only on this address of the node. @default every address */
  readonly hostIP?: string
}

/** What a pod holds from `prepare` to `release`; kept on disk. */
export interface PodAllocation {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** One of each family that the node has a pod network for, in the order of its podCIDRs. */
  readonly addresses: readonly string[]
  readonly hostPorts: readonly HostPort[]
}

/** Derived from the address as CNI plugins do, so that neighbours can be told beforehand. */
export function macAddressOf(address: string): string {
  const { value } = parseIp(address)!
  const hex = (value & 0xffffffffn).toString(16).padStart(8, "0")
  return `0a:58:${hex.match(/../g)!.join(":")}`
}

export function firstIpv4(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => ipFamily(address) === 4)
}

export function canonicalIp(text: string): string | undefined {
  const ip = parseIp(text)
  return ip && formatIp(ip)
}
