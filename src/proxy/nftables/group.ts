import type { IpFamily } from "../../base/ip-address.ts"
import type { Frontend, Masquerade, Route } from "../model/plan-service.ts"
import { markRules } from "./masquerade-mark.ts"
import { type StickyGroup, stickyGroupOf } from "./sticky-group.ts"
import { words } from "./words.ts"

/** The chain that a frontend's packets go to. Equal groups have equal names, and groups of equal names are equal. */
export type Group = SharedGroup | StickyGroup

/**
 * All frontends that are treated alike and have the same number of endpoints share one chain and one map, the group:
 *
 *     chain cluster-strangers-3 {
 *       ip saddr != @trusted-sources meta mark set meta mark | 0x4000
 *       dnat ip to ip daddr . meta l4proto . th dport . numgen random mod 3 map @cluster-strangers-3
 *     }
 *
 * So a packet takes the same few steps whether there are ten Services or ten thousand, and a change of one Service is a
 * change of a few elements. A chain for each Service and each endpoint, as upstream's proxies had them, would cost ten
 * times the memory and time to load; it is left to those that must remember their clients (sticky-group.ts).
 *
 * Map and chain of a group must be made in one transaction: nft (1.0.6) cannot refer to a map with `th dport` among its
 * data once it reads its declaration back from the kernel.
 */
export interface SharedGroup {
  readonly kind: "shared"
  readonly name: string
  readonly masquerade: Masquerade
  /** Node ports are told apart by protocol and port alone. */
  readonly byPort: boolean
  readonly endpoints: number
}

/** Which packets of a frontend: all, or those from pods and from the node itself where they are treated otherwise. */
export type Side = "" | "inside-"

export function groupOf(frontend: Frontend, route: Route & { to: "endpoints" }, side: Side): Group {
  if (frontend.affinity) return stickyGroupOf(frontend, route, frontend.affinity)
  const { scope, masquerade, endpoints } = route
  const byPort = frontend.address === undefined
  // A frontend's key is its own in the map that leads to the group, hence in the group's if that is of the same side.
  const name = `${side}${scope}-${masquerade}${byPort ? "-port" : ""}-${endpoints.length}`
  return { kind: "shared", name, masquerade, byPort, endpoints: endpoints.length }
}

export function planGroupRemoval(table: string, { kind, name }: Group): string {
  return `delete chain ${table} ${name}\n${kind === "shared" ? `delete map ${table} ${name}\n` : ""}`
}

/** Commands that make it, but for the elements of its map. */
export function planSharedGroup(table: string, family: IpFamily, group: SharedGroup): string {
  const { ip } = words[family]
  const { name, byPort, endpoints } = group
  const frontend = byPort ? "meta l4proto . th dport" : `${ip} daddr . meta l4proto . th dport`
  const rules = [
    ...markRules(group.masquerade, family),
    `dnat ${ip} to ${frontend} . numgen random mod ${endpoints} map @${name}`,
  ]
  return [
    `add map ${table} ${name} { typeof ${frontend} . numgen random mod 2 : ${ip} daddr . th dport ; }`,
    `add chain ${table} ${name}`,
    ...rules.map((rule) => `add rule ${table} ${name} ${rule}`),
    "",
  ].join("\n")
}

/** Whether a transaction removes what a group had, in that family. */
export function removesGroups(transaction: string, family: IpFamily): boolean {
  return new RegExp(`^delete chain ${words[family].ip} `, "m").test(transaction)
}
