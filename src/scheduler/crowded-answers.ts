import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"

interface Known<Answer> {
  /** Of the node, and who was promised room on it, when it was asked. */
  readonly generation: number
  readonly nominated: readonly PodInfo[]
  readonly priority: number
  readonly answer: Answer
}

/**
 * What was found of each node for pods of one shape, where that follows from the node, from who was promised room on it and
 * from the pod's priority alone: kept until one of these is another.
 */
export class CrowdedAnswers<Answer> {
  readonly #known = new WeakMap<NodeInfo, Known<Answer>>()

  /** `nominated` are those of this node; `find` is asked where the answer is not known. */
  ask(
    node: NodeInfo,
    { uid, priority }: PodInfo,
    nominated: readonly PodInfo[],
    find: (node: NodeInfo) => Answer,
  ): Answer {
    // The room that was promised to itself does not stand in its way.
    if (nominated.some((other) => other.uid === uid)) return find(node)
    const known = this.#known.get(node)
    if (known?.generation === node.generation && known.nominated === nominated && known.priority === priority)
      return known.answer
    const answer = find(node)
    this.#known.set(node, { generation: node.generation, nominated, priority, answer })
    return answer
  }
}
