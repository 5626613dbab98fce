import { Node } from "../../api/core/v1/node.ts"
import { hint, type Plugin, unresolvable } from "../framework.ts"
import { tolerates } from "../../api/core/v1/tolerate-taints.ts"

const unschedulable = unresolvable("node(s) were unschedulable")
const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" } as const

/** Keeps pods off cordoned nodes, unless they tolerate it as DaemonSet pods do. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter: ({ pod }, { view }) =>
    view.cordoned.size === 0 || pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint))
      ? undefined
      : { isLocal: true, check: ({ node }) => (node.spec.unschedulable ? unschedulable : undefined) },
  hints: [
    hint(Node, "add", { concerns: (node) => !node!.spec.unschedulable }),
    hint(Node, "update", {
      concerns: (node, previous) => !node!.spec.unschedulable && previous!.spec.unschedulable === true,
    }),
  ],
}
