import { ipFamily } from "../../base/ip-address.ts"
import { nodeInterfaceName } from "../interface-names.ts"

export interface NodeInterfaceInput {
  readonly prefix: string
  /** The node's own addresses in the pod network. */
  readonly gateways: readonly string[]
  /** Addresses at which this node answers DNS. */
  readonly dnsServers: readonly string[]
  /** Where Services live. Routed here so that the node itself reaches them without any other route. */
  readonly serviceCidrs: readonly string[]
}

/**
 * Commands for `ip -batch` that give the node its place in the pod network: an interface without a cable that holds the
 * addresses (a bridge without ports: every kernel that runs containers has bridges, not every one has "dummy"). Packets
 * to Services never leave through it: they are translated first, and what has no translation is refused.
 */
export function planNodeInterface(input: NodeInterfaceInput, exists: boolean): string {
  const name = nodeInterfaceName(input.prefix)
  const lines = exists ? [] : [`link add ${name} type bridge`, `link set ${name} addrgenmode none`]
  lines.push(`link set ${name} up`)
  for (const address of [...input.gateways, ...input.dnsServers]) {
    const isIpv6 = ipFamily(address) === 6
    lines.push(`addr replace ${address}/${isIpv6 ? "128" : "32"} dev ${name}${isIpv6 ? " nodad" : ""}`)
  }
  for (const cidr of input.serviceCidrs) {
    const source = input.gateways.find((gateway) => ipFamily(gateway) === ipFamily(cidr))
    lines.push(`route replace ${cidr} dev ${name}${source ? ` src ${source}` : ""}`)
  }
  return `${lines.join("\n")}\n`
}
