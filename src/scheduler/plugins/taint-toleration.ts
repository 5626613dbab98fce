import { Node } from "../../api/core/v1/node.ts"
import type { Taint } from "../../api/core/v1/toleration.ts"
import { hint, normalizeByGreatest, type Plugin, type Rejection, unresolvable } from "../framework.ts"
import { findUntolerated, tolerates } from "../../api/core/v1/tolerate-taints.ts"
import { isChanged } from "../is-changed.ts"

const untolerated: Rejection = unresolvable("node(s) had untolerated taint(s)")
const keepsAway = ({ effect }: Taint) => effect === "NoSchedule" || effect === "NoExecute"

/** Keeps pods off nodes with taints they do not tolerate, and prefers nodes without soft ones. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  filter: ({ pod }) => ({
    check({ node }) {
      const { taints } = node.spec
      if (!taints?.length) return undefined
      return findUntolerated(taints, pod.spec.tolerations ?? [], keepsAway) && untolerated
    },
  }),
  score: ({ pod }, nodes) => {
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
    hint(Node, "add"),
    hint(Node, "update", {
      concerns: (current, previous) => isChanged(current!.spec.taints, previous!.spec.taints),
    }),
  ],
}
