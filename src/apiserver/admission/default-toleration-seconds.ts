import type { Pod } from "../../api/core/v1/pod.ts"
import type { Toleration } from "../../api/core/v1/toleration.ts"
import type { AdmissionPlugin } from "./admission.ts"

const keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

/** A pod stays for five minutes on a node that has gone silent, unless it says otherwise. */
export function defaultTolerationSeconds(tolerationSeconds = 300): AdmissionPlugin {
  return {
    name: "DefaultTolerationSeconds",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods"] }],
    mutate({ object }) {
      const pod = object as Pod
      const { tolerations = [] } = pod.spec
      const added = keys
        .filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)))
        .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }))
      if (added.length === 0) return pod
      return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } } as Pod
    },
  }
}

function tolerates({ key, effect }: Toleration, taintKey: string): boolean {
  return (!key || key === taintKey) && (!effect || effect === "NoExecute")
}
