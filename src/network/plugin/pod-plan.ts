import { ipFamily } from "../../base/ip-address.ts"
import { podInterfaceName } from "../interface-names.ts"
import { macAddressOf, type PodAllocation } from "./pod-allocation.ts"

/**
 * A pod's cable, as the commands that lay it.
 *
 * There is no bridge: each pod is connected to the node by a veth pair of its own, and the node routes between them (the
 * idea is Calico's, https://docs.tigera.io/calico/latest/reference/faq). All traffic of pods, also between two of one
 * node, therefore passes the IP layer, where Services are translated and policies apply, without br_netfilter; a pod
 * cannot forge its address (rp_filter) nor listen to others. Both ends know each other's MAC address beforehand, so no
 * packet ever waits for ARP.
 *
 * The plan is a fragment of shell that the CNI plugin (plugin-scripts.ts) reads: laying the cable costs two `ip`
 * processes and nothing else, because everything was decided before.
 */
export interface PlanSettings {
  readonly prefix: string
  /** The node's addresses in the pod network; pods of that family use it as gateway. */
  readonly gateways: readonly string[]
  readonly mtu: number
}

/** The host's end of every cable; locally administered, and the same everywhere because no two share a link. */
const hostMacAddress = "ee:ee:ee:ee:ee:ee"
/** What an IPv6 pod routes to; every cable's host end has it. */
const ipv6Gateway = "fe80::1"

export function planPod(allocation: PodAllocation, settings: PlanSettings): string {
  const hostInterface = podInterfaceName(settings.prefix, allocation.uid)
  return [
    `# ${JSON.stringify(allocation)}`,
    `interface=${hostInterface}`,
    "connect() {",
    "  ip -batch - <<EOF &&",
    ...planHostEnd(hostInterface, allocation, settings),
    "EOF",
    ...hostSettings(hostInterface, allocation).map((line) => `  ${line} &&`),
    `  nsenter --net="$CNI_NETNS" ip -batch - <<EOF`,
    ...planPodEnd(allocation, settings),
    "EOF",
    "}",
    `result='${cniResult(hostInterface, allocation, settings)}'`,
    "",
  ].join("\n")
}

/** The allocation that a plan was made for; undefined when the file is not whole. */
export function parseAllocation(plan: string): PodAllocation | undefined {
  const firstLine = plan.slice(2, plan.indexOf("\n"))
  try {
    const allocation = JSON.parse(firstLine) as PodAllocation
    return Array.isArray(allocation.addresses) ? allocation : undefined
  } catch {
    return undefined
  }
}

function planHostEnd(hostInterface: string, { addresses }: PodAllocation, settings: PlanSettings): string[] {
  const { gateways, mtu } = settings
  const podMac = macAddressOf(addresses[0]!)
  const lines = [
    `link add ${hostInterface} mtu ${mtu} address ${hostMacAddress} type veth peer name $CNI_IFNAME mtu ${mtu} address ${podMac} netns $CNI_NETNS`,
    `link set ${hostInterface} addrgenmode none`,
    `link set ${hostInterface} up`,
  ]
  for (const address of addresses) {
    const family = ipFamily(address)
    if (family === 6) lines.push(`addr add ${ipv6Gateway}/64 dev ${hostInterface} nodad`)
    lines.push(podRoute(address, hostInterface, gateways))
    lines.push(`neigh replace ${address} lladdr ${podMac} dev ${hostInterface} nud permanent`)
  }
  return lines
}

/** The node speaks to its pods from the pod network, so that answers find back from every node. */
export function podRoute(address: string, hostInterface: string, gateways: readonly string[]): string {
  const gateway = gateways.find((candidate) => ipFamily(candidate) === ipFamily(address))
  return `route replace ${address} dev ${hostInterface}${gateway ? ` src ${gateway}` : ""}`
}

/**
 * route_localnet lets 127.0.0.1 of the node be translated to pods (NodePort and hostPort on localhost) and back; packets
 * of pods that name a loopback address themselves are dropped before (node-rules.ts).
 */
function hostSettings(hostInterface: string, { addresses }: PodAllocation): string[] {
  if (!addresses.some((address) => ipFamily(address) === 4)) return []
  const path = `/proc/sys/net/ipv4/conf/${hostInterface}`
  return [
    `echo 1 >${path}/route_localnet`,
    `echo 1 >${path}/rp_filter`,
    `echo 0 >${path}/send_redirects`,
    `echo 0 >${path}/proxy_arp`,
  ]
}

function planPodEnd({ addresses }: PodAllocation, { gateways }: PlanSettings): string[] {
  const lines = ["link set lo up"]
  if (!addresses.some((address) => ipFamily(address) === 6))
    lines.push("link set $CNI_IFNAME addrgenmode none")
  lines.push("link set $CNI_IFNAME up")
  for (const address of addresses) {
    const family = ipFamily(address)
    const gateway = family === 6 ? ipv6Gateway : gateways.find((candidate) => ipFamily(candidate) === 4)!
    lines.push(
      `addr add ${address}/${family === 6 ? "128" : "32"} dev $CNI_IFNAME${family === 6 ? " nodad" : ""}`,
    )
    if (family === 4) lines.push(`route add ${gateway} dev $CNI_IFNAME scope link`)
    lines.push(`route add default via ${gateway} dev $CNI_IFNAME`)
    lines.push(`neigh add ${gateway} lladdr ${hostMacAddress} dev $CNI_IFNAME nud permanent`)
  }
  return lines
}

/** As the CNI specification 0.4.0 wants it (https://www.cni.dev/docs/spec/); the plugin fills in what it alone knows. */
function cniResult(hostInterface: string, { addresses }: PodAllocation, { gateways }: PlanSettings): string {
  return JSON.stringify({
    cniVersion: "0.4.0",
    interfaces: [
      { name: hostInterface, mac: hostMacAddress },
      { name: "IFNAME", mac: macAddressOf(addresses[0]!), sandbox: "NETNS" },
    ],
    ips: addresses.map((address) => ({
      version: String(ipFamily(address)),
      interface: 1,
      address: `${address}/${ipFamily(address) === 6 ? 128 : 32}`,
      gateway: gatewayOf(address, gateways),
    })),
    routes: addresses.map((address) => ({
      dst: ipFamily(address) === 6 ? "::/0" : "0.0.0.0/0",
      gw: gatewayOf(address, gateways),
    })),
    dns: {},
  })
}

function gatewayOf(address: string, gateways: readonly string[]): string {
  return ipFamily(address) === 6 ? ipv6Gateway : gateways.find((gateway) => ipFamily(gateway) === 4)!
}
