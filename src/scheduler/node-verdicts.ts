import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"
import { type Check, type Rejected, runChecks } from "./run-filters.ts"

interface Crowded {
  readonly generation: number
  readonly nominated: readonly PodInfo[]
  readonly priority: number
  readonly rejected: Rejected | undefined
}

/**
 * What plugins that look at nothing but the pod's shape and the node itself have to say about each node. Pods of one shape
 * come by the thousand, and each changes one node: so a verdict is kept until its node changes, and the next pod reads it.
 */
export class NodeVerdicts {
  readonly #checkedAt: Float64Array
  readonly #rejected: (Rejected | undefined)[]
  readonly #scoredAt: Float64Array
  readonly #scores: Float64Array
  readonly #crowded = new Map<NodeInfo, Crowded>()

  /** For nodes at positions below `nodeCount`, as long as these positions hold. */
  constructor(nodeCount: number) {
    this.#checkedAt = new Float64Array(nodeCount)
    this.#rejected = Array.from<undefined>({ length: nodeCount })
    this.#scoredAt = new Float64Array(nodeCount)
    this.#scores = new Float64Array(nodeCount)
  }

  /** `checks` must be the same each time, as far as they concern the node. */
  check(node: NodeInfo, checks: readonly Check[]): Rejected | undefined {
    const { position, generation } = node
    if (this.#checkedAt[position] !== generation) {
      this.#rejected[position] = runChecks(checks, node)
      this.#checkedAt[position] = generation
    }
    return this.#rejected[position]
  }

  /** As `check`, on a node with pods that were promised room on it; `find` is asked where the verdict is not known. */
  checkCrowded(
    node: NodeInfo,
    { uid, priority }: PodInfo,
    nominated: readonly PodInfo[],
    find: () => Rejected | undefined,
  ): Rejected | undefined {
    if (nominated.length === 0) return undefined
    if (nominated.some((other) => other.uid === uid)) return find()
    const known = this.#crowded.get(node)
    if (known?.generation === node.generation && known.nominated === nominated && known.priority === priority)
      return known.rejected
    const rejected = find()
    this.#crowded.set(node, { generation: node.generation, nominated, priority, rejected })
    return rejected
  }

  /** Adds each node's score to the total at the same index. `of` must be the same each time. */
  addScores(totals: Float64Array, nodes: readonly NodeInfo[], of: (node: NodeInfo) => number): void {
    for (let index = 0; index < nodes.length; index++) {
      const { position, generation } = nodes[index]!
      if (this.#scoredAt[position] !== generation) {
        this.#scores[position] = of(nodes[index]!)
        this.#scoredAt[position] = generation
      }
      totals[index]! += this.#scores[position]!
    }
  }
}
