import {
  formatNetwork,
  type IpFamily,
  networkIncludes,
  parseNetwork,
  withoutIncluded,
} from "../../base/ip-address.ts"
import { shortHash } from "../../base/real/short-hash.ts"
import type { IPBlock, NetworkPolicyPort } from "../../api/networking/v1/network-policy.ts"
import { peerSelector, type PolicyPeer } from "./peer-selector.ts"
import type { PolicyProtocol } from "./policy-pod.ts"

export type Direction = "ingress" | "egress"

/** One rule of a policy, in either direction. */
export interface PolicyRule {
  readonly peers: readonly PolicyPeer[]
  readonly ports: readonly NetworkPolicyPort[]
}

/** The set that holds the addresses of a selector's pods. */
export function peerSetName(selectorKey: string): string {
  return `peers-${shortHash(selectorKey)}`
}

/** The set that holds where a port of this name is, for all pods that have one. */
export function portSetName(name: string, protocol: PolicyProtocol): string {
  return `port-${protocol.toLowerCase()}-${name}`
}

/**
 * nft rules for what a policy's rule is about: one for each combination of a peer and a protocol's ports. `verdict` is what
 * becomes of it.
 */
export function ruleTexts(
  rule: PolicyRule,
  direction: Direction,
  policyNamespace: string,
  family: IpFamily,
  verdict = "accept",
): string[] {
  const peers =
    rule.peers.length === 0
      ? [""]
      : rule.peers.flatMap((peer) => peerText(peer, direction, policyNamespace, family))
  const ports = rule.ports.length === 0 ? [""] : portTexts(rule.ports, family)
  return peers.flatMap((peer) => ports.map((port) => [peer, port, verdict].filter(Boolean).join(" ")))
}

function peerText(
  peer: PolicyPeer,
  direction: Direction,
  policyNamespace: string,
  family: IpFamily,
): string[] {
  const address = `${family === 4 ? "ip" : "ip6"} ${direction === "ingress" ? "saddr" : "daddr"}`
  if (peer.ipBlock) return blockText(peer.ipBlock, address, family)
  return [`${address} @${peerSetName(peerSelector(peer, policyNamespace).key)}`]
}

function blockText({ cidr, except = [] }: IPBlock, address: string, family: IpFamily): string[] {
  const block = parseNetwork(cidr)
  if (!block || block.family !== family) return []
  const excepted = withoutIncluded(except.flatMap((each) => parseNetwork(each) ?? [])).filter(
    (each) => each.family === family,
  )
  if (excepted.some((each) => networkIncludes(each, block))) return []
  // The whole address space is no condition.
  const parts = block.prefixLength === 0 ? [] : [`${address} ${formatNetwork(block)}`]
  if (excepted.length > 0) parts.push(`${address} != { ${excepted.map(formatNetwork).join(", ")} }`)
  return [parts.join(" ")]
}

/** All numbers of a protocol in one condition, each name in one of its own. */
function portTexts(ports: readonly NetworkPolicyPort[], family: IpFamily): string[] {
  const texts: string[] = []
  const ranges = new Map<PolicyProtocol, [number, number][]>()
  for (const { protocol = "TCP", port, endPort } of ports) {
    if (typeof port === "string")
      texts.push(
        `${family === 4 ? "ip" : "ip6"} daddr . meta l4proto . th dport @${portSetName(port, protocol)}`,
      )
    else {
      const range: [number, number] = port === undefined ? [0, 65_535] : [port, endPort ?? port]
      ranges.set(protocol, [...(ranges.get(protocol) ?? []), range])
    }
  }
  for (const [protocol, list] of ranges) texts.push(rangeText(protocol, joined(list)))
  return texts
}

function rangeText(protocol: PolicyProtocol, ranges: readonly [number, number][]): string {
  const name = protocol.toLowerCase()
  if (ranges.some(([first, last]) => first === 0 && last === 65_535)) return `meta l4proto ${name}`
  const parts = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  return `${name} dport { ${parts.join(", ")} }`
}

/** Ranges in order, those that overlap or touch made one: the kernel refuses overlapping ones. */
function joined(ranges: readonly [number, number][]): [number, number][] {
  const result: [number, number][] = []
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const previous = result.at(-1)
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last)
    else result.push([first, last])
  }
  return result
}
