import { tolerates } from "../../api/core/v1/tolerate-taints.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { qosClassOf } from "../status/qos-class.ts"
import type { PressureCondition } from "./node-pressure.ts"
import { isCritical } from "./rank-pods.ts"

const memoryTaint = { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" } as const

/**
 * Why a new pod may not come to a node that is in need of what `conditions` say; undefined if it may. Of memory a pod that
 * asked for some has a right to it, and one that asked for none comes at its own risk; of disk nobody has. Pure.
 */
export function judgePressure(
  pod: Pod,
  conditions: readonly PressureCondition[],
): { readonly reason: string; readonly message: string } | undefined {
  if (conditions.length === 0 || isCritical(pod)) return undefined
  const onlyMemory = conditions.length === 1 && conditions[0] === "MemoryPressure"
  if (onlyMemory && (qosClassOf(pod) !== "BestEffort" || toleratesMemoryPressure(pod))) return undefined
  return { reason: "Evicted", message: `The node had condition: [${conditions.toSorted().join(" ")}]. ` }
}

function toleratesMemoryPressure({ spec }: Pod): boolean {
  return (spec.tolerations ?? []).some((toleration) => tolerates(toleration, memoryTaint))
}
