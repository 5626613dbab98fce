import { ipFamily, type IpFamily } from "../../base/ip-address.ts"
import { podTable } from "./table-names.ts"
import type { HostPort, PodAllocation } from "./pod-allocation.ts"

/** What the packet filter must know about the pods of this node. */
export interface NodeRulesInput {
  readonly prefix: string
  /** The pod networks of the whole cluster: traffic within them keeps its source address. */
  readonly clusterCidrs: readonly string[]
  readonly dnsServers: readonly string[]
  readonly allocations: readonly PodAllocation[]
}

/** The tables as one text for `nft -f`: it replaces whatever was there, in one transaction. */
export function planNodeRules(input: NodeRulesInput): string {
  const families = new Set<IpFamily>([...input.clusterCidrs, ...input.dnsServers].map(ipFamily))
  return [...families].map((family) => planTable(input, family)).join("\n")
}

function planTable(input: NodeRulesInput, family: IpFamily): string {
  const table = podTable(input.prefix, family)
  const ip = family === 4 ? "ip" : "ip6"
  const address = family === 4 ? "ipv4_addr" : "ipv6_addr"
  const ours = `"${input.prefix}*"`
  const dnsServers = input.dnsServers.filter((server) => ipFamily(server) === family)
  const clusterCidrs = input.clusterCidrs.filter((cidr) => ipFamily(cidr) === family)
  const elements = input.allocations.flatMap((allocation) => hostPortElements(allocation, family))
  return `
add table ${table}
delete table ${table}
table ${table} {
  set pod-networks { type ${address}; flags interval; ${listElements(clusterCidrs)} }
  set hairpins { type ${address} . ${address}; }
  map host-ports { type inet_proto . inet_service : ${address} . inet_service; }
  map host-ports-of-address { type ${address} . inet_proto . inet_service : ${address} . inet_service; }

  # Cables have route_localnet on; only translated packets may use it.
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    ${family === 4 ? `iifname ${ours} ip saddr 127.0.0.0/8 drop` : ""}
    ${family === 4 ? `iifname ${ours} ip daddr 127.0.0.0/8 drop` : ""}
    ${family === 6 ? planSourceCheck(input.prefix) : ""}
    ${dnsServers.map((server) => `${ip} daddr ${server} jump untrack-questions`).join("\n    ")}
  }

  # The DNS server of this node answers at the Service's own address: no translation, hence no connection to remember
  # for each question (as NodeLocal DNSCache does).
  chain untrack-questions {
    udp dport 53 notrack
    tcp dport 53 notrack
  }
  chain untrack-answers {
    udp sport 53 notrack
    tcp sport 53 notrack
  }
  chain untrack-output {
    type filter hook output priority raw; policy accept;
    ${dnsServers.map((server) => `${ip} daddr ${server} jump untrack-questions`).join("\n    ")}
    ${dnsServers.map((server) => `${ip} saddr ${server} jump untrack-answers`).join("\n    ")}
  }

  chain host-ports-prerouting {
    type nat hook prerouting priority -100; policy accept;
    fib daddr type local jump to-host-ports
  }
  chain host-ports-output {
    type nat hook output priority -100; policy accept;
    fib daddr type local ${family === 6 ? "ip6 daddr != ::1 " : ""}jump to-host-ports
  }
  chain to-host-ports {
    dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @host-ports-of-address
    dnat ${ip} to meta l4proto . th dport map @host-ports
  }

  chain outgoing {
    type nat hook postrouting priority srcnat; policy accept;
    ${family === 4 ? `oifname ${ours} ip saddr 127.0.0.0/8 masquerade` : ""}
    oifname ${ours} ${ip} saddr . ${ip} daddr @hairpins masquerade
    oifname != ${ours} ${ip} saddr @pod-networks ${ip} daddr != @pod-networks masquerade fully-random
  }
}
${elements.map((element) => `add element ${table} ${element}`).join("\n")}
`
}

/**
 * What rp_filter does for IPv4 (pod-plan.ts): a pod sends from its own address alone. From its address on the cable, of which
 * policies know nothing, it looks for its neighbour and no more.
 */
function planSourceCheck(prefix: string): string {
  const cables = `iifname "${prefix}*" iifname != "${prefix}-*"`
  return `${cables} ip6 saddr fe80::/10 meta l4proto != icmpv6 drop
    ${cables} ip6 saddr != { ::, fe80::/10 } fib saddr . iif oif missing drop`
}

/** Opens a pod's host ports; nothing when it has none. */
export function planOpenHostPorts(prefix: string, allocation: PodAllocation): string {
  return planHostPorts(prefix, allocation, "add")
}

export function planCloseHostPorts(prefix: string, allocation: PodAllocation): string {
  return planHostPorts(prefix, allocation, "delete")
}

function planHostPorts(prefix: string, allocation: PodAllocation, verb: "add" | "delete"): string {
  const lines: string[] = []
  for (const family of new Set(allocation.addresses.map(ipFamily))) {
    for (const element of hostPortElements(allocation, family))
      lines.push(`${verb} element ${podTable(prefix, family)} ${element}\n`)
  }
  return lines.join("")
}

function hostPortElements(allocation: PodAllocation, family: IpFamily): string[] {
  const address = allocation.addresses.find((candidate) => ipFamily(candidate) === family)
  const ports = allocation.hostPorts.filter((port) => !port.hostIP || ipFamily(port.hostIP) === family)
  if (!address || ports.length === 0) return []
  return [`hairpins { ${address} . ${address} }`, ...ports.map((port) => hostPortElement(port, address))]
}

function hostPortElement(port: HostPort, address: string): string {
  const protocol = port.protocol.toLowerCase()
  const everywhere = !port.hostIP || port.hostIP === "0.0.0.0" || port.hostIP === "::"
  const target = `${address} . ${port.containerPort}`
  return everywhere
    ? `host-ports { ${protocol} . ${port.hostPort} : ${target} }`
    : `host-ports-of-address { ${port.hostIP} . ${protocol} . ${port.hostPort} : ${target} }`
}

function listElements(values: readonly string[]): string {
  return values.length > 0 ? `elements = { ${values.join(", ")} };` : ""
}
