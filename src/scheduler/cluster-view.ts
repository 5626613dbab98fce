import type { Node } from "../api/core/v1/node.ts"
import type { Pod } from "../api/core/v1/pod.ts"
import { NodeInfo } from "./node-info.ts"
import { HeldTerms } from "./held-terms.ts"
import { isChanged } from "./is-changed.ts"
import { LabelColumns, type LabelReader } from "./label-columns.ts"
import { countsAlike, isTerminated, type PodInfo, podInfo, podInfoAfter } from "./pod-info.ts"
import { PodIndex } from "./pod-index.ts"
import { type ByValue, type CountedTerm, TopologyCounts } from "./topology-counts.ts"

/**
 * The nodes and the pods on them, as the scheduler believes them to be: what the API has told, and pods it has placed
 * itself whose binding the API has not told yet ("assumed").
 */
export class ClusterView {
  readonly #nodes = new Map<string, NodeInfo>()
  /** Pods whose node is not known (yet, or any more), by node name. */
  readonly #homeless = new Map<string, Map<string, Pod>>()
  readonly #placed = new Map<string, string>()
  /** Another number after each change of a node or of what is on it. */
  version = 0
  /** The pods on nodes, by label. */
  readonly pods = new PodIndex()
  readonly #assumed = new Set<string>()
  readonly #counts = new TopologyCounts()
  /** What the pods on nodes wish about pods that come. */
  readonly held = new HeldTerms()
  /** How many nodes have each value of each label that was asked about. */
  readonly #values = new Map<string, Map<string, number>>()
  /** Nodes that are cordoned, and nodes with taints: mostly none, and then nobody need look at each. */
  readonly cordoned = new Set<string>()
  readonly tainted = new Set<string>()
  readonly #columns = new LabelColumns()
  /** On how many nodes each image is. */
  readonly images = new Map<string, number>()
  /** Nodes in the order of zones in turn, so that looking at the first N of them looks into every zone. */
  #order: readonly NodeInfo[] | undefined

  get nodes(): readonly NodeInfo[] {
    if (!this.#order) {
      this.#order = interleaveZones(Array.from(this.#nodes.values()))
      for (const [position, node] of this.#order.entries()) node.position = position
    }
    return this.#order
  }

  get sizes(): { nodes: number; pods: number; assumed: number } {
    return { nodes: this.#nodes.size, pods: this.#placed.size, assumed: this.#assumed.size }
  }

  /** Whether the pod is on a node, as far as anybody knows. */
  isPlaced(uid: string): boolean {
    return this.#placed.has(uid)
  }

  find(nodeName: string): NodeInfo | undefined {
    return this.#nodes.get(nodeName)
  }

  setNode(node: Node): void {
    this.version++
    const { name } = node.metadata
    toggle(this.cordoned, name, node.spec.unschedulable === true)
    toggle(this.tainted, name, (node.spec.taints?.length ?? 0) > 0)
    const known = this.#nodes.get(name)
    if (known) {
      if (zoneOf(known.node) !== zoneOf(node)) this.#order = undefined
      this.#countImages(known, -1)
      const relabelled = isChanged(known.node.metadata.labels, node.metadata.labels)
      if (relabelled) {
        this.#leave(known)
        this.#columns.clear()
      }
      known.setNode(node)
      if (relabelled) this.#enter(known)
      return this.#countImages(known, 1)
    }
    const info = new NodeInfo(node)
    this.#countImages(info, 1)
    for (const pod of this.#homeless.get(name)?.values() ?? []) info.add(podInfo(pod))
    this.#homeless.delete(name)
    this.#enter(info)
    this.#nodes.set(name, info)
    this.#order = undefined
  }

  deleteNode(name: string): void {
    const info = this.#nodes.get(name)
    if (!info) return
    this.version++
    this.#nodes.delete(name)
    this.cordoned.delete(name)
    this.tainted.delete(name)
    this.#countImages(info, -1)
    this.#order = undefined
    this.#leave(info)
    if (info.pods.size)
      this.#homeless.set(name, new Map(Array.from(info.pods.values(), ({ pod, uid }) => [uid, pod])))
  }

  /** The API tells of a pod that has a node. */
  setPod(pod: Pod): void {
    const { uid } = pod.metadata
    this.#assumed.delete(uid)
    // Most of what is told of a pod, that it was bound first of all, changes nothing that is counted.
    if (this.#replace(pod)) return
    this.#take(uid)
    if (!isTerminated(pod)) this.#put(pod, pod.spec.nodeName!)
  }

  #replace(pod: Pod): boolean {
    const { uid } = pod.metadata
    const nodeName = pod.spec.nodeName!
    const node = this.#placed.get(uid) === nodeName ? this.#nodes.get(nodeName) : undefined
    const known = node?.pods.get(uid)
    if (!known || isTerminated(pod)) return false
    const info = podInfoAfter(pod, known)
    if (!countsAlike(known, info)) return false
    node!.replace(info)
    this.pods.replace(info)
    return true
  }

  deletePod(uid: string): void {
    this.#assumed.delete(uid)
    this.#take(uid)
  }

  /** The scheduler has chosen; counted at once, so that the next pod sees it. */
  assume(pod: Pod, nodeName: string): void {
    this.#put(pod, nodeName)
    this.#assumed.add(pod.metadata.uid)
  }

  /** Binding failed: the choice is taken back, unless the API has told otherwise meanwhile. */
  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.#take(uid)
  }

  /**
   * How many pods match all terms, for each value of a node label. Live: right until the next change, and then again.
   * `skipsTerminating` leaves out pods on their way out.
   */
  countPods(terms: readonly CountedTerm[], topologyKey: string, skipsTerminating = false): ByValue {
    const key = JSON.stringify([
      topologyKey,
      skipsTerminating,
      terms.map(({ selector, namespaces }) => [selector, namespaces && Array.from(namespaces)]),
    ])
    const question = { terms, topologyKey, skipsTerminating }
    return this.#counts.ask(key, question, this.pods, (name) => this.#nodes.get(name)?.node.metadata.labels)
  }

  /** How many nodes have each value of this label. */
  countNodes(label: string): ByValue {
    let values = this.#values.get(label)
    if (!values) {
      this.#values.set(label, (values = new Map()))
      for (const { node } of this.#nodes.values()) countValue(values, node.metadata.labels?.[label], 1)
    }
    return values
  }

  /** Reads this label of many nodes. Right until a node changes. */
  labelReader(label: string): LabelReader {
    return this.#columns.reader(label, this.nodes)
  }

  /** How many nodes have this label at all. */
  countLabelled(label: string): number {
    let sum = 0
    for (const count of this.countNodes(label).values()) sum += count
    return sum
  }

  /** The node and its pods are where the labels of the node say. */
  #enter(info: NodeInfo): void {
    for (const [label, values] of this.#values) countValue(values, info.node.metadata.labels?.[label], 1)
    for (const each of info.pods.values()) this.#index(each, info)
  }

  #leave(info: NodeInfo): void {
    for (const [label, values] of this.#values) countValue(values, info.node.metadata.labels?.[label], -1)
    for (const each of info.pods.values()) this.#unindex(each, info)
  }

  #index(info: PodInfo, { node }: NodeInfo): void {
    this.pods.add(info, node.metadata.name)
    this.#counts.add(info, node.metadata.labels)
    this.held.add(info, node.metadata.labels)
  }

  #unindex(info: PodInfo, { node }: NodeInfo): void {
    this.pods.remove(info)
    this.#counts.remove(info, node.metadata.labels)
    this.held.remove(info, node.metadata.labels)
  }

  #countImages({ images }: NodeInfo, by: 1 | -1): void {
    for (const name of images.keys()) {
      const count = (this.images.get(name) ?? 0) + by
      if (count > 0) this.images.set(name, count)
      else this.images.delete(name)
    }
  }

  #put(pod: Pod, nodeName: string): void {
    this.version++
    this.#placed.set(pod.metadata.uid, nodeName)
    const node = this.#nodes.get(nodeName)
    if (node) {
      node.add(podInfo(pod))
      return this.#index(podInfo(pod), node)
    }
    const waiting = this.#homeless.get(nodeName) ?? new Map<string, Pod>()
    this.#homeless.set(nodeName, waiting.set(pod.metadata.uid, pod))
  }

  #take(uid: string): void {
    const nodeName = this.#placed.get(uid)
    if (nodeName === undefined) return
    this.version++
    this.#placed.delete(uid)
    const node = this.#nodes.get(nodeName)
    const removed = node?.remove(uid)
    if (node && removed) this.#unindex(removed, node)
    this.#homeless.get(nodeName)?.delete(uid)
  }
}

function countValue(values: Map<string, number>, value: string | undefined, by: 1 | -1): void {
  if (value === undefined) return
  const sum = (values.get(value) ?? 0) + by
  if (sum === 0) values.delete(value)
  else values.set(value, sum)
}

function toggle(names: Set<string>, name: string, isIn: boolean): void {
  if (isIn) names.add(name)
  else names.delete(name)
}

function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {}
  return `${labels["topology.kubernetes.io/region"] ?? ""}:${labels["topology.kubernetes.io/zone"] ?? ""}`
}

function interleaveZones(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  for (const info of nodes) {
    const zone = zoneOf(info.node)
    const members = zones.get(zone)
    if (members) members.push(info)
    else zones.set(zone, [info])
  }
  if (zones.size <= 1) return nodes
  const rows = Array.from(zones.values())
  const ordered: NodeInfo[] = []
  for (let index = 0; ordered.length < nodes.length; index++) {
    for (const row of rows) if (index < row.length) ordered.push(row[index]!)
  }
  return ordered
}
