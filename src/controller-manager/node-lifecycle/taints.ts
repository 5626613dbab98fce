import type { Node } from "../../api/core/v1/node.ts"
import type { Taint } from "../../api/core/v1/toleration.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { readyCondition } from "./health.ts"

export const notReadyTaint = "node.kubernetes.io/not-ready"
export const unreachableTaint = "node.kubernetes.io/unreachable"
const unschedulableTaint = "node.kubernetes.io/unschedulable"

/** Condition type, its status, and the taint that keeps new pods away while it holds. */
const taintOfCondition: readonly (readonly [type: string, status: string, key: string])[] = [
  ["Ready", "False", notReadyTaint],
  ["Ready", "Unknown", unreachableTaint],
  ["MemoryPressure", "True", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "True", "node.kubernetes.io/disk-pressure"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
  ["PIDPressure", "True", "node.kubernetes.io/pid-pressure"],
]

const managedNoSchedule = new Set([...taintOfCondition.map(([, , key]) => key), unschedulableTaint])
const managedNoExecute = new Set([notReadyTaint, unreachableTaint])

/** The key of the taint that drives pods off a node in this state; undefined for a healthy one. */
export function evictingTaint(node: Node): string | undefined {
  switch (readyCondition(node)?.status) {
    case "False":
      return notReadyTaint
    case "Unknown":
      return unreachableTaint
    default:
      return undefined
  }
}

export function hasEvictingTaint({ spec }: Node): boolean {
  return (spec.taints ?? []).some(isEvicting)
}

/**
 * A node's taints as its conditions want them (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/):
 * NoSchedule for each that tells trouble; NoExecute only for `evicting`, which the caller meters. Taints of others stay.
 * Undefined when nothing changes.
 */
export function computeTaints(node: Node, evicting: string | undefined, nowMs: number): Taint[] | undefined {
  const present = node.spec.taints ?? []
  const wanted = new Set(noScheduleKeys(node))
  const kept = present.filter((taint) => {
    if (taint.effect === "NoSchedule" && managedNoSchedule.has(taint.key)) return wanted.has(taint.key)
    return !isEvicting(taint) || taint.key === evicting
  })
  const has = (key: string, effect: Taint["effect"]) =>
    kept.some((taint) => taint.key === key && taint.effect === effect)
  const timeAdded = formatTime(nowMs)
  const added: Taint[] = []
  for (const key of wanted) if (!has(key, "NoSchedule")) added.push({ key, effect: "NoSchedule", timeAdded })
  if (evicting && !has(evicting, "NoExecute")) added.push({ key: evicting, effect: "NoExecute", timeAdded })
  return added.length === 0 && kept.length === present.length ? undefined : [...kept, ...added]
}

function noScheduleKeys(node: Node): string[] {
  const conditions = node.status.conditions ?? []
  const keys = taintOfCondition
    .filter(([type, status]) => conditions.some((one) => one.type === type && one.status === status))
    .map(([, , key]) => key)
  if (node.spec.unschedulable) keys.push(unschedulableTaint)
  // Admission keeps pods away from a node that has not said yet that it is ready.
  if (!readyCondition(node) && node.spec.taints?.some(({ key }) => key === notReadyTaint))
    keys.push(notReadyTaint)
  return keys
}

function isEvicting({ key, effect }: Taint): boolean {
  return effect === "NoExecute" && managedNoExecute.has(key)
}
