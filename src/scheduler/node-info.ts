import type { Node } from "../api/core/v1/node.ts"
import type { PodInfo } from "./pod-info.ts"
import { addResources, noResources, type Resources, resourcesFromList } from "./resources.ts"

/**
 * A node and what is on it. The sums are kept as pods come and go, so that a filter is a few comparisons.
 *
 * Invariant: `requested`, `nonZeroRequested` and `hostPorts` are the sums over `pods`.
 */
export class NodeInfo {
  node: Node
  /** In the order in which the view shows its nodes. */
  position = 0
  allocatable: Resources
  readonly pods = new Map<string, PodInfo>()
  readonly requested = noResources()
  readonly nonZeroRequested = { milliCpu: 0, memoryBytes: 0 }
  /** "TCP/80" to the addresses that hold it. */
  readonly hostPorts = new Map<string, string[]>()
  /** Image names and sizes in bytes. */
  images = new Map<string, number>()
  /** Of a copy to try things on: the node as it is. */
  readonly original: NodeInfo | undefined

  constructor(node: Node, original?: NodeInfo) {
    this.node = node
    this.original = original
    this.allocatable = noResources()
    this.setNode(node)
  }

  get name(): string {
    return this.node.metadata.name
  }

  setNode(node: Node): void {
    this.node = node
    this.allocatable = resourcesFromList(node.status.allocatable)
    this.images = new Map()
    for (const { names, sizeBytes } of node.status.images ?? []) {
      for (const name of names ?? []) this.images.set(name, sizeBytes ?? 0)
    }
  }

  add(info: PodInfo): void {
    if (this.pods.has(info.uid)) this.remove(info.uid)
    this.pods.set(info.uid, info)
    this.#count(info, 1)
    for (const { protocol, port, address } of info.hostPorts) {
      const key = `${protocol}/${port}`
      this.hostPorts.set(key, [...(this.hostPorts.get(key) ?? []), address])
    }
  }

  /** Gives what was removed. */
  remove(uid: string): PodInfo | undefined {
    const info = this.pods.get(uid)
    if (!info) return undefined
    this.pods.delete(uid)
    this.#count(info, -1)
    for (const { protocol, port, address } of info.hostPorts) {
      const key = `${protocol}/${port}`
      const left = [...(this.hostPorts.get(key) ?? [])]
      left.splice(left.indexOf(address), 1)
      if (left.length) this.hostPorts.set(key, left)
      else this.hostPorts.delete(key)
    }
    return info
  }

  /** A copy to try things on; preemption asks "what if these pods were gone". */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node, this.original ?? this)
    copy.position = this.position
    for (const info of this.pods.values()) copy.add(info)
    return copy
  }

  /** How a copy differs from the node as it is: what was thought onto it, what was thought away. */
  changes(): { readonly added: readonly PodInfo[]; readonly removed: readonly PodInfo[] } {
    const { original, pods } = this
    if (!original) return { added: [], removed: [] }
    return {
      added: Array.from(pods.values()).filter(({ uid }) => !original.pods.has(uid)),
      removed: Array.from(original.pods.values()).filter(({ uid }) => !pods.has(uid)),
    }
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    addResources(this.requested, info.requests, sign)
    this.nonZeroRequested.milliCpu += sign * info.nonZeroRequests.milliCpu
    this.nonZeroRequested.memoryBytes += sign * info.nonZeroRequests.memoryBytes
  }
}
