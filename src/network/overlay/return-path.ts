import type { Commands } from "../../base/commands.ts"
import { ipFamily, type IpFamily } from "../../base/ip-address.ts"
import { routingTable } from "../interface-names.ts"

/**
 * The way back of answers. A node may speak to another node's pods from its own address, as when it asks a Service of itself:
 * then the pod sees who asks. By the routes of all, the answer would leave past the overlay, in a packet from a pod to
 * a node of which the network between them may know nothing. So connections that came by the overlay are marked, and what
 * their pods answer takes a table of routes in which the other nodes' addresses, too, are behind the overlay.
 */
export interface ReturnPath {
  readonly prefix: string
  readonly device: string
  readonly podCidrs: readonly string[]
  readonly clusterCidrs: readonly string[]
}

/** A bit of packets' and connections' marks that kube-proxy and Docker leave alone. */
const mark = "0x2000"

export async function ensureReturnPath(path: ReturnPath, commands: Commands): Promise<void> {
  await commands.run(
    "nft",
    ["-f", "-"],
    path.podCidrs.map((cidr) => planMarks(path, ipFamily(cidr))).join(""),
  )
  const table = routingTable(path.prefix)
  for (const podCidr of path.podCidrs) {
    const family = familyFlag(ipFamily(podCidr))
    const isThere = (await listRules(family, commands)).some((rule) => rule.table === table)
    if (!isThere)
      await commands.run("ip", [
        family,
        "rule",
        "add",
        "from",
        podCidr,
        "fwmark",
        `${mark}/${mark}`,
        "table",
        table,
      ])
  }
}

/** Also right after a crash: asks the kernel what there is. */
export async function removeReturnPath(prefix: string, commands: Commands): Promise<void> {
  const table = routingTable(prefix)
  for (const family of ["-4", "-6"]) {
    const ours = (await listRules(family, commands)).filter((rule) => rule.table === table)
    for (const _ of ours) await commands.run("ip", [family, "rule", "del", "table", table]).catch(() => {})
  }
  const tables = [4, 6].map((family) => markTable(prefix, family as IpFamily))
  await commands.run(
    "nft",
    ["-f", "-"],
    tables.map((each) => `add table ${each}\ndelete table ${each}\n`).join(""),
  )
}

function planMarks({ prefix, device, clusterCidrs }: ReturnPath, family: IpFamily): string {
  const table = markTable(prefix, family)
  const ip = family === 4 ? "ip" : "ip6"
  const pods = clusterCidrs.filter((cidr) => ipFamily(cidr) === family)
  return `
add table ${table}
delete table ${table}
table ${table} {
  chain arriving {
    type filter hook prerouting priority mangle; policy accept;
    iifname "${device}" ct state new ${ip} saddr != { ${pods.join(", ")} } ct mark set ct mark | ${mark}
    iifname != "${device}" ct direction reply ct mark & ${mark} != 0 meta mark set meta mark | ${mark}
  }
}
`
}

function markTable(prefix: string, family: IpFamily): string {
  return `${family === 4 ? "ip" : "ip6"} ${prefix}-overlay`
}

function familyFlag(family: IpFamily): string {
  return `-${family}`
}

async function listRules(family: string, commands: Commands): Promise<{ readonly table?: string }[]> {
  const text = await commands.run("ip", [family, "-json", "rule", "show"]).catch(() => "[]")
  return JSON.parse(text || "[]") as { table?: string }[]
}
