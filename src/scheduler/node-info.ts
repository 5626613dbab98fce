import type { Node } from "../api/core/v1/node.ts"
import { isChanged } from "./is-changed.ts"
import type { PodInfo } from "./pod-info.ts"
import { addResources, noResources, type Resources, resourcesFromList } from "./resources.ts"

/**
 * A node and what is on it. The sums are kept as pods come and go, so that a filter is a few comparisons.
 *
 * Invariant: `requested`, `nonZeroRequested` and `hostPorts` are the sums over `pods`.
 */
export class NodeInfo {
  node: Node
  /** Another number after each change of the node or of what is on it; never 0. */
  generation = 1
  /** In the order in which the view shows its nodes. */
  position = 0
  allocatable: Resources
  readonly pods = new Map<string, PodInfo>()
  readonly requested: Resources
  readonly nonZeroRequested = { milliCpu: 0, memoryBytes: 0 }
  /** "TCP/80" to the addresses that hold it. */
  readonly hostPorts = new Map<string, string[]>()
  /** Image names and sizes in bytes. */
  images = new Map<string, number>()
  /** Of a copy to try things on: the node as it is. */
  readonly original: NodeInfo | undefined

  constructor(node: Node, like?: NodeInfo) {
    this.node = node
    this.original = like && (like.original ?? like)
    if (!like) {
      this.allocatable = noResources()
      this.requested = noResources()
      this.setNode(node)
      return
    }
    this.position = like.position
    this.allocatable = like.allocatable
    this.images = like.images
    this.requested = { ...like.requested, others: new Map(like.requested.others) }
    this.nonZeroRequested = { ...like.nonZeroRequested }
    for (const [uid, info] of like.pods) this.pods.set(uid, info)
    for (const [port, addresses] of like.hostPorts) this.hostPorts.set(port, addresses)
  }

  get name(): string {
    return this.node.metadata.name
  }

  setNode(node: Node): void {
    const previous = this.node === node ? undefined : this.node
    this.node = node
    this.generation++
    // Nodes tell of themselves every few seconds, mostly nothing new.
    if (!previous || isChanged(node.status.allocatable, previous.status.allocatable))
      this.allocatable = resourcesFromList(node.status.allocatable)
    if (previous && !isChanged(node.status.images, previous.status.images)) return
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

  /** The pod has changed, but takes the same room. */
  replace(info: PodInfo): void {
    // Who has started last is the first to go.
    if (this.pods.get(info.uid)?.pod.status.startTime !== info.pod.status.startTime) this.generation++
    this.pods.set(info.uid, info)
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
    return new NodeInfo(this.node, this)
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
    this.generation++
    addResources(this.requested, info.requests, sign)
    this.nonZeroRequested.milliCpu += sign * info.nonZeroRequests.milliCpu
    this.nonZeroRequested.memoryBytes += sign * info.nonZeroRequests.memoryBytes
  }
}
