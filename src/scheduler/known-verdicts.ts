import { LeastRecentlyUsed } from "../client/least-recently-used.ts"
import type { CycleContext } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import { NodeVerdicts } from "./node-verdicts.ts"
import type { PodInfo } from "./pod-info.ts"
import { shapeOf } from "./pod-shape.ts"

/** Of so many shapes of pods verdicts are remembered. */
const maxShapes = 32

/** The verdicts on the nodes as they are now, by the shape of pods. Nothing is kept for a shape that came only once. */
export class KnownVerdicts {
  #nodes: readonly NodeInfo[] = []
  #byShape = new LeastRecentlyUsed<NodeVerdicts | "came once">(maxShapes)
  /** A pod is asked about more than once in a cycle. */
  #last: { readonly pod: PodInfo; readonly verdicts: NodeVerdicts | undefined } | undefined

  find(pod: PodInfo, { view: { nodes } }: CycleContext): NodeVerdicts | undefined {
    if (nodes !== this.#nodes) {
      this.#nodes = nodes
      this.#byShape = new LeastRecentlyUsed(maxShapes)
      this.#last = undefined
    }
    if (this.#last?.pod !== pod) this.#last = { pod, verdicts: this.#findShape(shapeOf(pod)) }
    return this.#last.verdicts
  }

  #findShape(shape: string): NodeVerdicts | undefined {
    const known = this.#byShape.get(shape)
    if (known === undefined) {
      this.#byShape.set(shape, "came once")
      return undefined
    }
    const verdicts = known === "came once" ? new NodeVerdicts(this.#nodes.length) : known
    this.#byShape.set(shape, verdicts)
    return verdicts
  }
}
