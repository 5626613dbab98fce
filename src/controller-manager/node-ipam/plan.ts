import {
  formatNetwork,
  type IpNetwork,
  networkIncludes,
  networkSize,
  parseNetwork,
} from "../../base/ip-address.ts"
import type { Node } from "../../api/core/v1/node.ts"

/** A range for pods, and how large a part of it each node gets. */
export interface ClusterRange {
  readonly network: IpNetwork
  readonly nodePrefixLength: number
}

export interface Allocation {
  readonly node: Node
  /** One per range, or undefined when a range is used up. */
  readonly podCidrs: readonly string[] | undefined
}

/**
 * Gives every node that has none the lowest free part of each range. Nodes come in the order given; a part that any
 * node holds, whatever its size, is not given out.
 */
export function planAllocations(nodes: readonly Node[], ranges: readonly ClusterRange[]): Allocation[] {
  const allocators = ranges.map((range) => new RangeAllocator(range, nodes))
  return nodes
    .filter((node) => !node.spec.podCIDR && !node.metadata.deletionTimestamp)
    .map((node) => {
      const parts = allocators.map((allocator) => allocator.next())
      const complete = parts.every((part) => part !== undefined)
      return { node, podCidrs: complete ? parts : undefined }
    })
}

class RangeAllocator {
  readonly #range: ClusterRange
  readonly #used: ReadonlySet<bigint>
  #index = 0n

  constructor(range: ClusterRange, nodes: readonly Node[]) {
    this.#range = range
    const used = new Set<bigint>()
    for (const text of nodes.flatMap(podCidrsOf)) {
      const network = parseNetwork(text)
      if (network && networkIncludes(range.network, network))
        for (const index of this.#covered(network)) used.add(index)
    }
    this.#used = used
  }

  next(): string | undefined {
    const { network, nodePrefixLength: prefixLength } = this.#range
    const size = networkSize({ ...network, prefixLength })
    const count = networkSize(network) / size
    while (this.#used.has(this.#index)) this.#index++
    if (this.#index >= count) return undefined
    const base = network.base + this.#index++ * size
    return formatNetwork({ family: network.family, base, prefixLength })
  }

  *#covered(network: IpNetwork): Iterable<bigint> {
    const size = networkSize({ ...network, prefixLength: this.#range.nodePrefixLength })
    const first = (network.base - this.#range.network.base) / size
    const last = (network.base + networkSize(network) - 1n - this.#range.network.base) / size
    for (let index = first; index <= last; index++) yield index
  }
}

export function podCidrsOf({ spec }: Node): readonly string[] {
  return spec.podCIDRs?.length ? spec.podCIDRs : spec.podCIDR ? [spec.podCIDR] : []
}
