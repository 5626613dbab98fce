import type { Commands } from "../../base/commands.ts"
import { ipFamily } from "../../base/ip-address.ts"
import { overlayAddress, overlayMacAddress } from "./plan-overlay.ts"

/** What VXLAN adds to a packet: Ethernet, IP, UDP and VXLAN headers. */
const overheadBytes = { 4: 50, 6: 70 } as const

export interface OverlayDevice {
  readonly name: string
  /** Tells the cluster's packets from others between the same machines. */
  readonly networkId: number
  /** UDP port; the Linux kernel's own, which flannel uses too. */
  readonly port: number
  readonly nodeAddress: string
  readonly podCidrs: readonly string[]
}

/** The largest packet that pods can send so that it fits the network between the nodes. */
export async function findPodMtu(commands: Commands, nodeAddress: string, overlay: boolean): Promise<number> {
  const links = JSON.parse(await commands.run("ip", ["-json", "addr", "show"])) as LinkAddresses[]
  const link = links.find(({ addr_info }) => addr_info?.some(({ local }) => local === nodeAddress))
  // Loopback claims 65536, which no other machine can receive.
  const mtu = Math.min(link?.mtu ?? 1500, 9000)
  return overlay ? mtu - overheadBytes[ipFamily(nodeAddress)] : mtu
}

interface LinkAddresses {
  readonly ifname: string
  readonly mtu: number
  readonly addr_info?: readonly { readonly local?: string }[]
}

/** Makes the device as it should be; one that already is goes on working, with all it knows. */
export async function ensureOverlayDevice(device: OverlayDevice, commands: Commands): Promise<void> {
  const { name, networkId, port, nodeAddress, podCidrs } = device
  const mtu = await findPodMtu(commands, nodeAddress, true)
  const existing = await findDevice(name, commands)
  const lines: string[] = []
  if (existing && !isSame(existing, device)) lines.push(`link del ${name}`)
  if (!existing || !isSame(existing, device))
    lines.push(
      `link add ${name} address ${overlayMacAddress(podCidrs[0]!)} type vxlan id ${networkId} dstport ${port} local ${nodeAddress} nolearning`,
      `link set ${name} addrgenmode none`,
    )
  lines.push(`link set ${name} mtu ${mtu} up`)
  for (const podCidr of podCidrs) {
    const isIpv6 = ipFamily(podCidr) === 6
    lines.push(
      `addr replace ${overlayAddress(podCidr)}/${isIpv6 ? "128" : "32"} dev ${name}${isIpv6 ? " nodad" : ""}`,
    )
  }
  await commands.run("ip", ["-batch", "-"], `${lines.join("\n")}\n`)
  // Node ports on the node's loopback address may lead to pods of other nodes (see plugin/pod-plan.ts).
  await commands.run("tee", [`/proc/sys/net/ipv4/conf/${name}/route_localnet`], "1")
  // What comes from a node's own address comes by another way than the one that leads there (return-path.ts).
  await commands.run("tee", [`/proc/sys/net/ipv4/conf/${name}/rp_filter`], "2")
}

interface VxlanLink {
  readonly address: string
  readonly linkinfo?: {
    readonly info_data?: {
      readonly id?: number
      readonly port?: number
      readonly local?: string
      readonly local6?: string
    }
  }
}

async function findDevice(name: string, commands: Commands): Promise<VxlanLink | undefined> {
  const text = await commands.run("ip", ["-json", "-details", "link", "show", "dev", name]).catch(() => "[]")
  return (JSON.parse(text) as VxlanLink[])[0]
}

function isSame({ address, linkinfo }: VxlanLink, device: OverlayDevice): boolean {
  const data = linkinfo?.info_data
  return (
    address === overlayMacAddress(device.podCidrs[0]!) &&
    data?.id === device.networkId &&
    data.port === device.port &&
    (data.local ?? data.local6) === device.nodeAddress
  )
}
