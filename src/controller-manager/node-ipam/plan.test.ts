import { describe, expect, it } from "vitest"
import { parseNetwork } from "../../base/ip-address.ts"
import type { Node } from "../../api/core/v1/node.ts"
import { type ClusterRange, planAllocations } from "./plan.ts"

const range = (text: string, nodePrefixLength: number): ClusterRange => ({
  network: parseNetwork(text)!,
  nodePrefixLength,
})

function node(name: string, ...podCIDRs: string[]): Node {
  return { metadata: { name }, spec: { podCIDR: podCIDRs[0], podCIDRs } } as unknown as Node
}

const cidrs = (nodes: readonly Node[], ...ranges: ClusterRange[]) =>
  planAllocations(nodes, ranges).map((allocation) => allocation.podCidrs)

describe("planAllocations", () => {
  it("gives the lowest free parts to nodes without one", () => {
    const nodes = [node("a"), node("b", "10.244.1.0/24"), node("c"), node("d")]
    expect(cidrs(nodes, range("10.244.0.0/16", 24))).toEqual([
      ["10.244.0.0/24"],
      ["10.244.2.0/24"],
      ["10.244.3.0/24"],
    ])
  })

  it("counts parts of another size that overlap", () => {
    const nodes = [node("a", "10.244.0.0/23"), node("b", "10.244.2.128/25"), node("c")]
    expect(cidrs(nodes, range("10.244.0.0/16", 24))).toEqual([["10.244.3.0/24"]])
  })

  it("gives one of each family", () => {
    expect(cidrs([node("a")], range("10.244.0.0/16", 24), range("fd00::/48", 64))).toEqual([
      ["10.244.0.0/24", "fd00::/64"],
    ])
  })

  it("has none left when the range is used up", () => {
    const nodes = [node("a"), node("b"), node("c")]
    expect(cidrs(nodes, range("10.0.0.0/23", 24))).toEqual([["10.0.0.0/24"], ["10.0.1.0/24"], undefined])
  })
})
