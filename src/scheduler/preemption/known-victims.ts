import { CrowdedAnswers } from "../crowded-answers.ts"
import type { CycleContext, Rejection } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { shapeOf } from "../pod-shape.ts"
import type { Filters } from "../run-filters.ts"
import type { Candidate } from "./find-victims.ts"

/**
 * Who would have to go from each node for a pod of one shape and priority. Where that follows from the node and from who
 * was promised room on it alone, it is kept until these change: the next pod of the same workload, which finds no room
 * either, asks of the same nodes.
 */
export class KnownVictims {
  #shape = ""
  #answers = new CrowdedAnswers<Candidate | Rejection>()

  /** A question about one pod to many nodes. `find` is asked where the answer is not known. */
  asker(
    pod: PodInfo,
    filters: Filters,
    hasBudgets: boolean,
    context: CycleContext,
    find: (node: NodeInfo) => Candidate | Rejection,
  ): (node: NodeInfo) => Candidate | Rejection {
    if (hasBudgets || filters.others.length > 0) return find
    const shape = shapeOf(pod)
    if (shape !== this.#shape) {
      this.#shape = shape
      this.#answers = new CrowdedAnswers()
    }
    return (node) => this.#answers.ask(node, pod, context.nominatedTo(node.name), find)
  }
}
