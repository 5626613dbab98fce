import type { CycleContext, Rejection } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { shapeOf } from "../pod-shape.ts"
import type { Filters } from "../run-filters.ts"
import type { Candidate } from "./find-victims.ts"

interface Found {
  /** Of the node, and who was promised room on it, when it was asked. */
  readonly generation: number
  readonly nominated: readonly PodInfo[]
  readonly answer: Candidate | Rejection
}

/**
 * Who would have to go from each node for a pod of one shape and priority. Where that follows from the node and from who
 * was promised room on it alone, it is kept until these change: the next pod of the same workload, which finds no room either, asks of the same nodes.
 */
export class KnownVictims {
  #key = ""
  #found = new WeakMap<NodeInfo, Found>()

  /** A question about one pod to many nodes. `find` is asked where the answer is not known. */
  asker(
    pod: PodInfo,
    filters: Filters,
    hasBudgets: boolean,
    context: CycleContext,
    find: (node: NodeInfo) => Candidate | Rejection,
  ): (node: NodeInfo) => Candidate | Rejection {
    if (hasBudgets || filters.others.length > 0) return find
    const key = `${pod.priority} ${shapeOf(pod)}`
    if (key !== this.#key) {
      this.#key = key
      this.#found = new WeakMap()
    }
    return (node) => {
      const nominated = context.nominatedTo(node.name)
      // The room that was promised to itself does not stand in its way.
      if (nominated.some(({ uid }) => uid === pod.uid)) return find(node)
      const known = this.#found.get(node)
      if (known?.generation === node.generation && known.nominated === nominated) return known.answer
      const answer = find(node)
      this.#found.set(node, { generation: node.generation, nominated, answer })
      return answer
    }
  }
}
