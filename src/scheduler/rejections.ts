import type { Plugin, Rejection } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"

/** A rejection with who spoke it. */
export interface NodeRejection extends Rejection {
  readonly plugin: string
}

/**
 * What each node failed on, for one try of one pod. Thousands of pods may wait for thousands of nodes, and most nodes fail
 * on the same few things: so the distinct rejections are kept once, and of each node only which one it was.
 */
export class Rejections {
  /** Those that were there, in the order of their `position`. */
  readonly nodes: readonly NodeInfo[]
  readonly #distinct: NodeRejection[] = []
  readonly #counts: number[] = []
  /** By position of the node: 0 is none, else one more than the index of the rejection. */
  #codes: Uint16Array | undefined
  readonly #known = new Map<string, Map<Rejection, number>>()

  constructor(nodes: readonly NodeInfo[]) {
    this.nodes = nodes
  }

  get nodeCount(): number {
    return this.nodes.length
  }

  /** How many nodes failed. */
  get size(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  set({ position }: NodeInfo, plugin: string, rejection: Rejection): void {
    // Most pods are rejected by no node.
    const codes = (this.#codes ??= new Uint16Array(this.nodes.length))
    const before = codes[position]!
    if (before > 0) this.#counts[before - 1]!--
    const code = this.#codeOf(plugin, rejection)
    codes[position] = code
    this.#counts[code - 1]!++
  }

  of({ position }: NodeInfo): NodeRejection | undefined {
    return this.#codes && this.#distinct[this.#codes[position]! - 1]
  }

  /** Each different rejection, and on how many nodes. */
  *counted(): Iterable<[NodeRejection, number]> {
    for (const [index, rejection] of this.#distinct.entries()) {
      if (this.#counts[index]! > 0) yield [rejection, this.#counts[index]!]
    }
  }

  *byNode(): Iterable<[NodeInfo, NodeRejection]> {
    for (const [position, node] of this.nodes.entries()) {
      const code = this.#codes?.[position] ?? 0
      if (code > 0) yield [node, this.#distinct[code - 1]!]
    }
  }

  #codeOf(plugin: string, rejection: Rejection): number {
    let known = this.#known.get(plugin)
    if (!known) this.#known.set(plugin, (known = new Map()))
    let code = known.get(rejection)
    if (code === undefined) {
      code = this.#findEqual(plugin, rejection) ?? this.#add(plugin, rejection)
      known.set(rejection, code)
    }
    return code
  }

  #findEqual(plugin: string, { reasons, resolvable }: Rejection): number | undefined {
    const index = this.#distinct.findIndex(
      (each) =>
        each.plugin === plugin &&
        each.resolvable === resolvable &&
        each.reasons.length === reasons.length &&
        each.reasons.every((reason, position) => reason === reasons[position]),
    )
    return index < 0 ? undefined : index + 1
  }

  #add(plugin: string, { reasons, resolvable }: Rejection): number {
    this.#counts.push(0)
    return this.#distinct.push({ plugin, reasons, resolvable })
  }
}

/** The plugins that rejected a pod. */
export type Rejecters = ReadonlySet<Plugin>
