import type { IpFamily } from "../../base/ip-address.ts"
import type { Frontend, Masquerade, Route } from "../model/plan-service.ts"
import { words } from "./words.ts"

/**
 * All frontends that are treated alike and have the same number of endpoints share one chain and one map, the group:
 *
 *     chain cluster-strangers-3 {
 *       ip saddr != @trusted-sources meta mark set meta mark | 0x4000
 *       dnat ip to ip daddr . meta l4proto . th dport . numgen random mod 3 map @cluster-strangers-3
 *     }
 *
 * So a packet takes the same few steps whether there are ten Services or ten thousand, and a change of one Service is a
 * change of a few elements. A chain for each Service and each endpoint, as upstream's proxies make them, would cost ten
 * times the memory and time to load.
 *
 * Map and chain of a group must be made in one transaction: nft (1.0.6) cannot refer to a map with `th dport` among its
 * data once it reads its declaration back from the kernel.
 */
export interface Group {
  readonly scope: "cluster" | "local"
  readonly masquerade: Masquerade
  /** Node ports are told apart by protocol and port alone. */
  readonly byPort: boolean
  readonly sticky: boolean
  readonly endpoints: number
}

/** Of marked connections the source address is replaced; the bit is the one that kube-proxy uses. */
export const masqueradeMark = "0x4000"
export const allButMasqueradeMark = "0xffffbfff"

export function groupOf(frontend: Frontend, route: Route & { to: "endpoints" }): Group {
  return {
    scope: route.scope,
    masquerade: route.masquerade,
    byPort: frontend.address === undefined,
    sticky: frontend.affinitySeconds !== undefined,
    endpoints: route.endpoints.length,
  }
}

/** The name of its chain and its map; equal groups have equal names. */
export function groupName({ scope, masquerade, byPort, sticky, endpoints }: Group): string {
  return `${scope}-${masquerade}${byPort ? "-port" : ""}${sticky ? "-sticky" : ""}-${endpoints}`
}

/** Commands that make map and chain. */
export function planGroup(table: string, family: IpFamily, group: Group): string {
  const { ip } = words[family]
  const name = groupName(group)
  const frontend = group.byPort ? "meta l4proto . th dport" : `${ip} daddr . meta l4proto . th dport`
  const rules = [...markRules(group, ip)]
  // Without an endpoint to remember, IPv6 clients are spread by a hash of their address: nft (1.0.6) has too few
  // registers for a map from client and Service to endpoint.
  if (group.sticky && family === 4)
    rules.push(`dnat ${ip} to ${ip} saddr . ${ip} daddr . meta l4proto . th dport map @affinity`)
  const choice =
    group.sticky && family === 6
      ? `jhash ${ip} saddr mod ${group.endpoints}`
      : `numgen random mod ${group.endpoints}`
  rules.push(`dnat ${ip} to ${frontend} . ${choice} map @${name}`)
  return [
    `add map ${table} ${name} { typeof ${frontend} . numgen random mod 2 : ${ip} daddr . th dport ; }`,
    `add chain ${table} ${name}`,
    ...rules.map((rule) => `add rule ${table} ${name} ${rule}`),
    "",
  ].join("\n")
}

export function planGroupRemoval(table: string, group: Group): string {
  const name = groupName(group)
  return `delete chain ${table} ${name}\ndelete map ${table} ${name}\n`
}

function markRules({ masquerade }: Group, ip: string): string[] {
  const mark = `meta mark set meta mark | ${masqueradeMark}`
  if (masquerade === "always") return [mark]
  if (masquerade === "strangers") return [`${ip} saddr != @trusted-sources ${mark}`]
  return []
}
