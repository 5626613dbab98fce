import { type IpFamily, ipFamily } from "../../base/ip-address.ts"
import { allButMasqueradeMark, masqueradeMark } from "./masquerade-mark.ts"
import { words } from "./words.ts"

/** What the table's fixed part depends on. */
export interface TableInput {
  readonly prefix: string
  /** Where pods are: their connections need no other source address. */
  readonly podNetworks: readonly string[]
  /** Where cluster IPs are given from. */
  readonly serviceNetworks: readonly string[]
  /** Whether pods, too, get another source address on the way to cluster IPs. @default false */
  readonly masqueradeAll?: boolean
  /** The node's addresses at which node ports are open, as networks. @default all */
  readonly nodePortNetworks?: readonly string[]
}

/** Family and name, as nft wants them in commands. */
export function tableName(prefix: string, family: IpFamily): string {
  return `${words[family].ip} ${prefix}-services`
}

/**
 * The fixed part: hooks, and the sets and maps that Services fill. The way of a packet:
 *
 *     firewall    a new connection to a guarded address from somewhere else than allowed is dropped
 *     translate   the first of these that knows the address and port leads to a group's chain (group.ts):
 *                   inside-services, inside-ports   (from pods and this node alone)
 *                   services, ports
 *     refuse      known but without endpoints, or unknown although in the network of cluster IPs
 *     replace-source  marked connections, and endpoints that call themselves
 *
 * Only the first packet of a connection passes the translation; the kernel's connection tracking does the rest. That is
 * also why an endpoint that is removed gets no new connections while its established ones go on.
 */
export function planTable(input: TableInput, family: IpFamily): string {
  const table = tableName(input.prefix, family)
  const { ip, addressType } = words[family]
  const ofFamily = (networks: readonly string[]) => networks.filter((network) => ipFamily(network) === family)
  const podNetworks = ofFamily(input.podNetworks)
  const serviceNetworks = ofFamily(input.serviceNetworks)
  const service = `${ip} daddr . meta l4proto . th dport`
  const port = "meta l4proto . th dport"
  // Nothing that has left from ::1 finds back to it, whatever is done to its addresses.
  const reachable = family === 6 ? "ip6 daddr != ::1 " : ""
  const { nodePortNetworks } = input
  const isOpen = nodePortNetworks ? `${ip} daddr @node-port-networks ` : ""
  const ownPort = `fib daddr type local ${reachable}${isOpen}${port}`
  return `
add table ${table}
delete table ${table}
table ${table} {
  set pod-networks { type ${addressType}; flags interval; ${elementList(podNetworks)} }
  set trusted-sources { type ${addressType}; flags interval; ${elementList(input.masqueradeAll ? [] : podNetworks)} }
  set node-port-networks { type ${addressType}; flags interval; ${elementList(ofFamily(nodePortNetworks ?? []))} }
  set hairpins { type ${addressType} . ${addressType}; }
  set cluster-ips { type ${addressType}; }
  map services { type ${addressType} . inet_proto . inet_service : verdict; }
  map inside-services { type ${addressType} . inet_proto . inet_service : verdict; }
  map refused-services { type ${addressType} . inet_proto . inet_service : verdict; }
  map ports { type inet_proto . inet_service : verdict; }
  map inside-ports { type inet_proto . inet_service : verdict; }
  map refused-ports { type inet_proto . inet_service : verdict; }
  set guarded-services { type ${addressType} . inet_proto . inet_service; }
  set allowed-sources { type ${addressType} . inet_proto . inet_service . ${addressType}; flags interval; }

  chain firewall {
    ct state new ${service} @guarded-services ${service} . ${ip} saddr != @allowed-sources drop
  }
  chain firewall-prerouting { type filter hook prerouting priority -110; jump firewall; }
  chain firewall-output { type filter hook output priority -110; jump firewall; }

  chain translate-inside {
    ${service} vmap @inside-services
    ${ownPort} vmap @inside-ports
  }
  chain translate {
    ${service} vmap @services
    ${ownPort} vmap @ports
  }
  chain prerouting {
    type nat hook prerouting priority -100
    ${ip} saddr @pod-networks jump translate-inside
    jump translate
  }
  chain output {
    type nat hook output priority -100
    jump translate-inside
    jump translate
  }

  # TCP, too, by an ICMP error, as kube-proxy does. Of these the kernel sends a client some at once and then one a second
  # (net.ipv4.icmp_ratelimit): who asks more often waits until its system asks again.
  chain refuse {
    reject
  }
  chain refuse-services {
    ${service} vmap @refused-services
    ${ip} daddr @cluster-ips goto refuse
    ${serviceNetworks.map((network) => `${ip} daddr ${network} drop`).join("\n    ")}
  }
  chain refuse-ports {
    ${service} vmap @refused-services
    ${ownPort} vmap @refused-ports
  }
  chain refuse-input { type filter hook input priority 0; ct state new jump refuse-ports; }
  chain refuse-forward { type filter hook forward priority 0; ct state new jump refuse-services; }
  chain refuse-output {
    type filter hook output priority 0
    ct state new jump refuse-ports
    ct state new jump refuse-services
  }

  chain replace-source {
    type nat hook postrouting priority srcnat
    ct status & dnat != 0 ${ip} saddr . ${ip} daddr @hairpins masquerade fully-random
    meta mark & ${masqueradeMark} == 0 return
    meta mark set meta mark & ${allButMasqueradeMark} masquerade fully-random
  }
}
`
}

function elementList(elements: readonly string[]): string {
  return elements.length > 0 ? `elements = { ${elements.join(", ")} };` : ""
}
