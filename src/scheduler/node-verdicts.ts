import { CrowdedAnswers } from "./crowded-answers.ts"
import type { NodeInfo } from "./node-info.ts"
import { type Check, type Rejected, runChecks } from "./run-filters.ts"

/**
 * What plugins that look at nothing but the pod's shape and the node itself have to say about each node. Pods of one shape
 * come by the thousand, and each changes one node: so a verdict is kept until its node changes, and the next pod reads it.
 */
export class NodeVerdicts {
  readonly #checkedAt: Float64Array
  readonly #rejected: (Rejected | undefined)[]
  readonly #scoredAt: Float64Array
  readonly #scores: Float64Array
  /** Verdicts on nodes with pods that were promised room on them. */
  readonly crowded = new CrowdedAnswers<Rejected | undefined>()

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
