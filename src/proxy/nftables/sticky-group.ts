import type { IpFamily } from "../../base/ip-address.ts"
import { shortHash } from "../../base/real/short-hash.ts"
import type {
  ClientAffinity,
  EndpointAddress,
  Frontend,
  Masquerade,
  Protocol,
  Route,
} from "../model/plan-service.ts"
import { markRules } from "./masquerade-mark.ts"
import { words } from "./words.ts"

/**
 * The chain of a Service's port that sends a client where it was before (session affinity), here with two endpoints:
 *
 *     set sticky/default/web/tcp-80 { typeof ip saddr . numgen random mod 2; flags dynamic,timeout; }
 *     chain sticky/default/web/tcp-80/cluster-strangers-5f0d... {
 *       ip saddr . 17 @sticky... update @sticky... { ip saddr . 17 timeout 10800s } dnat to 10.244.0.2:8080
 *       ip saddr . 23 @sticky... update @sticky... { ip saddr . 23 timeout 10800s } dnat to 10.244.0.3:8080
 *       numgen random mod 2 == 0 update @sticky... { ip saddr . 17 timeout 10800s } dnat to 10.244.0.2:8080
 *       numgen random mod 1 == 0 update @sticky... { ip saddr . 23 timeout 10800s } dnat to 10.244.0.3:8080
 *       dnat to numgen random mod 2 map { 0 : 10.244.0.2 . 8080, 1 : 10.244.0.3 . 8080 }
 *     }
 *
 * The set has pairs of a client and the number of the endpoint that it was given; each use renews its time. The last rule is
 * for when the set is full. All addresses of the port share the set. Nothing asks for an endpoint that is gone any more, so
 * its pairs may stay until their time is over (client-sets.ts).
 *
 * Upstream's proxy has a set and a chain for each endpoint: every rule that names a set costs time in proportion to how many
 * there are. One map from client and Service to endpoint would do with fewer steps, but nft (1.0.6) has too few registers
 * for it with IPv6, and the kernel would have to be asked for all clients of an endpoint that goes.
 */
export interface StickyGroup {
  readonly kind: "sticky"
  /** Tells the time and the endpoints, too, by their hash: others are another group. */
  readonly name: string
  readonly masquerade: Masquerade
  /** The name of the set. */
  readonly clients: string
  readonly seconds: number
  readonly protocol: Protocol
  readonly endpoints: readonly EndpointAddress[]
}

export function stickyGroupOf(
  { protocol }: Frontend,
  { scope, masquerade, endpoints }: Route & { to: "endpoints" },
  { seconds, servicePort }: ClientAffinity,
): StickyGroup {
  const clients = `sticky/${servicePort}`
  const hash = shortHash([seconds, ...endpoints.map(textOf)].join(" "))
  const name = `${clients}/${scope}-${masquerade}-${hash}`
  return { kind: "sticky", name, masquerade, clients, seconds, protocol, endpoints }
}

/** Commands that make the chain; the set must be there. `numbers` are those of the endpoints, in their order. */
export function planStickyGroup(
  table: string,
  family: IpFamily,
  { name, masquerade, clients, seconds, protocol, endpoints }: StickyGroup,
  numbers: readonly number[],
): string {
  const { ip } = words[family]
  const count = endpoints.length
  const targets = endpoints.map(({ address, port }, index) => {
    // A plain number may be no part of a key; a random one of one kind may.
    const pair = `${ip} saddr . numgen random mod 1 offset ${numbers[index]}`
    const target = `${family === 6 ? `[${address}]` : address}:${port}`
    const give = `update @${clients} { ${pair} timeout ${seconds}s } meta l4proto ${protocol} dnat ${ip} to ${target}`
    return { pair, give }
  })
  const numbered = endpoints.map(({ address, port }, index) => `${index} : ${address} . ${port}`)
  const rules = [
    ...markRules(masquerade, family),
    ...targets.map(({ pair, give }) => `${pair} @${clients} ${give}`),
    ...targets.map(({ give }, index) => `numgen random mod ${count - index} == 0 ${give}`),
    `meta l4proto ${protocol} dnat ${ip} to numgen random mod ${count} map { ${numbered.join(", ")} }`,
  ]
  return `add chain ${table} ${name}\n${rules.map((rule) => `add rule ${table} ${name} ${rule}\n`).join("")}`
}

export function planClients(table: string, family: IpFamily, { clients }: StickyGroup): string {
  const pair = `${words[family].ip} saddr . numgen random mod 2`
  return `add set ${table} ${clients} { typeof ${pair} ; flags dynamic,timeout; }\n`
}

export function planClientsRemoval(table: string, { clients }: StickyGroup): string {
  return `delete set ${table} ${clients}\n`
}

function textOf({ address, port }: EndpointAddress): string {
  return `${address} ${port}`
}
