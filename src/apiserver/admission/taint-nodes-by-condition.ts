import type { Node } from "../../api/core/v1/node.ts"
import type { AdmissionPlugin } from "./admission.ts"

const taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" } as const

/** A new node gets no pods before it has said that it is ready. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: "TaintNodesByCondition",
    on: [{ operations: ["CREATE"], resources: ["nodes"] }],
    mutate({ object }) {
      const node = object as Node
      const taints = node.spec?.taints ?? []
      if (taints.some(({ key, effect }) => key === taint.key && effect === taint.effect)) return node
      return { ...node, spec: { ...node.spec, taints: [...taints, taint] } } as Node
    },
  }
}
