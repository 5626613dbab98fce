import type { Node } from "../../src/api/core/v1/node.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { tolerationSeconds } from "../operations/templates.ts"
import { type Checker, nameOf } from "./checker.ts"
import { disruptionReason } from "./disruptions.ts"

/** A pod stays on a node that is lost as long as it said it would, whatever clocks are set to. */
export function taintTolerations(): Checker {
  /** By node: when the first of its taints came that drive pods off. */
  const since = new Map<string, number>()
  return {
    name: "taint-tolerations",
    observe({ resource, current, previous, atMs }) {
      if (resource === "minions" && current) {
        const isDriving = (current as Node).spec.taints?.some(({ effect }) => effect === "NoExecute") ?? false
        const { name } = current.metadata
        if (!isDriving) since.delete(name)
        else if (!since.has(name)) since.set(name, atMs)
        return undefined
      }
      if (resource !== "pods") return undefined
      const pod = current as Pod | undefined
      if (!pod || disruptionReason(pod) !== "DeletionByTaintManager") return undefined
      if (previous && disruptionReason(previous as Pod)) return undefined
      const cameAtMs = since.get(pod.spec.nodeName ?? "")
      // The taint may be gone again, and the controller not know it yet.
      if (cameAtMs === undefined) return undefined
      const stayedMs = atMs - cameAtMs
      return stayedMs < tolerationSeconds * 1000 - 1000
        ? `${nameOf(pod)} is driven off ${pod.spec.nodeName} after ${stayedMs} ms, and tolerates it for ${tolerationSeconds} s`
        : undefined
    },
  }
}
