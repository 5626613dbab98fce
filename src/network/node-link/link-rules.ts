import { formatNetwork, type IpNetwork } from "../../base/ip-address.ts"

interface LinkRulesInput {
  readonly prefix: string
  readonly bridge: string
  readonly networks: readonly IpNetwork[]
}

/** The way out for what nodes send elsewhere, as one text for `nft -f`: it replaces whatever was there. */
export function planLinkRules({ prefix, bridge, networks }: LinkRulesInput): string {
  return networks.map((network) => planTable(prefix, bridge, network)).join("")
}

function planTable(prefix: string, bridge: string, network: IpNetwork): string {
  const ip = network.family === 4 ? "ip" : "ip6"
  const table = `${ip} ${prefix}-link`
  return `add table ${table}
delete table ${table}
table ${table} {
${network.family === 4 ? planLoopback(bridge) : ""}
  chain outgoing {
    type nat hook postrouting priority srcnat; policy accept;
    oifname != "${bridge}" ${ip} saddr ${formatNetwork(network)} masquerade
  }
}
`
}

/** This machine's loopback address may lead to nodes' pods, from this machine alone. */
function planLoopback(bridge: string): string {
  return `  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip saddr 127.0.0.0/8 drop
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain loopback {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${bridge}" ip saddr 127.0.0.0/8 masquerade
  }
`
}
