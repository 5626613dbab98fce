import { hint, type Plugin, unresolvable } from "../framework.ts"
import { Node } from "../../api/core/v1/node.ts"

const otherName = unresolvable("node(s) didn't match the requested node name")

/** A pod that names its node goes nowhere else. */
export const nodeName: Plugin = {
  name: "NodeName",
  filter: ({ pod }) => {
    const wanted = pod.spec.nodeName
    if (!wanted) return undefined
    return { isLocal: true, check: (node) => (node.name === wanted ? undefined : otherName) }
  },
  hints: [hint(Node, "add")],
}
