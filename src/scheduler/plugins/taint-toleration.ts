import { Node } from "../../api/core/v1/node.ts"
import type { Taint } from "../../api/core/v1/toleration.ts"
import { hint, normalizeByGreatest, type Plugin, type Rejection, unresolvable } from "../framework.ts"
import { findUntolerated, tolerates } from "../../api/core/v1/tolerate-taints.ts"
import type { PodInfo } from "../pod-info.ts"
import { isChanged } from "../is-changed.ts"

const untolerated: Rejection = unresolvable("node(s) had untolerated taint(s)")
const keepsAway = ({ effect }: Taint) => effect === "NoSchedule" || effect === "NoExecute"

/** Keeps pods off nodes with taints they do not tolerate, and prefers nodes without soft ones. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  filter({ pod }, { view }) {
    if (view.tainted.size === 0) return undefined
    const tolerations = pod.spec.tolerations ?? []
    return {
      isLocal: true,
      check({ node }) {
        const { taints } = node.spec
        return taints?.length && findUntolerated(taints, tolerations, keepsAway) ? untolerated : undefined
      },
    }
  },
  score: ({ pod }, nodes, { view }) => {
    if (view.tainted.size === 0) return undefined
    if (!nodes.some(({ node }) => node.spec.taints?.some(({ effect }) => effect === "PreferNoSchedule")))
      return undefined
    const tolerations = (pod.spec.tolerations ?? []).filter(
      ({ effect }) => !effect || effect === "PreferNoSchedule",
    )
    return {
      of: ({ node }) =>
        (node.spec.taints ?? []).filter(
          (taint) =>
            taint.effect === "PreferNoSchedule" &&
            !tolerations.some((toleration) => tolerates(toleration, taint)),
        ).length,
      normalize: (scores) => normalizeByGreatest(scores, true),
    }
  },
  hints: [
    hint(Node, "add", { mayHelp: isTolerated }),
    hint(Node, "update", {
      concerns: (current, previous) => isChanged(current!.spec.taints, previous!.spec.taints),
      mayHelp: (pod, current, previous) => isTolerated(pod, current) && !isTolerated(pod, previous),
    }),
  ],
}

function isTolerated({ pod }: PodInfo, node: Node | undefined): boolean {
  return !findUntolerated(node!.spec.taints ?? [], pod.spec.tolerations ?? [], keepsAway)
}
