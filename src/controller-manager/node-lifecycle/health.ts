import type { Node, NodeCondition } from "../../api/core/v1/node.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { findCondition } from "../shared/conditions.ts"

export interface GracePeriods {
  /** For a node that has reported before. */
  readonly monitorMs: number
  /** For one that never has. */
  readonly startupMs: number
}

/** When a node that says nothing more counts as lost. `heardMs` is when it was last heard of, by our clock. */
export function silentAtMs(node: Node, heardMs: number, grace: GracePeriods): number {
  return heardMs + (readyCondition(node) ? grace.monitorMs : grace.startupMs)
}

export function readyCondition(node: Node): NodeCondition | undefined {
  return findCondition(node.status.conditions, "Ready")
}

const watched = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]

/**
 * The conditions of a node that fell silent: nothing that it said of itself is known to hold any more. Undefined when
 * they say so already.
 */
export function computeSilentConditions(node: Node, nowMs: number): NodeCondition[] | undefined {
  const now = formatTime(nowMs)
  const present = node.status.conditions ?? []
  let changed = false
  const conditions = present.map((condition) => {
    if (!watched.includes(condition.type) || condition.status === "Unknown") return condition
    changed = true
    const reason = "NodeStatusUnknown"
    const message = "Kubelet stopped posting node status."
    return { ...condition, status: "Unknown", reason, message, lastTransitionTime: now }
  })
  for (const type of watched) {
    if (findCondition(present, type)) continue
    changed = true
    const reason = "NodeStatusNeverUpdated"
    const message = "Kubelet never posted node status."
    const lastHeartbeatTime = node.metadata.creationTimestamp
    conditions.push({ type, status: "Unknown", reason, message, lastHeartbeatTime, lastTransitionTime: now })
  }
  return changed ? conditions : undefined
}
