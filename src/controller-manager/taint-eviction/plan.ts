import type { Pod } from "../../api/core/v1/pod.ts"
import type { Taint, Toleration } from "../../api/core/v1/toleration.ts"

export type EvictionPlan = { readonly kind: "stay" } | { readonly kind: "evictAt"; readonly atMs: number }

/**
 * When a pod must leave a node with these taints. A taint that it does not tolerate drives it off at once; one that it
 * tolerates for a while, when that while is over; the shortest counts. The time runs from when the taint was added, or
 * from `firstSeenMs` where nobody wrote that down.
 */
export function planEviction(pod: Pod, taints: readonly Taint[], firstSeenMs: number): EvictionPlan {
  const evicting = taints.filter(({ effect }) => effect === "NoExecute")
  let atMs = Number.POSITIVE_INFINITY
  for (const taint of evicting) {
    const tolerations = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint))
    if (tolerations.length === 0) return { kind: "evictAt", atMs: 0 }
    const seconds = Math.min(...tolerations.map((one) => one.tolerationSeconds ?? Number.POSITIVE_INFINITY))
    const sinceMs = taint.timeAdded ? Date.parse(taint.timeAdded) : firstSeenMs
    atMs = Math.min(atMs, sinceMs + Math.max(0, seconds) * 1000)
  }
  return Number.isFinite(atMs) ? { kind: "evictAt", atMs } : { kind: "stay" }
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#concepts */
export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  switch (operator ?? "Equal") {
    case "Exists":
      return true
    case "Equal":
      return key !== undefined && (value ?? "") === (taint.value ?? "")
    case "Gt":
    case "Lt":
      return comparesWith(operator!, taint.value ?? "", value ?? "")
    default:
      return false
  }
}

/** Numeric operators: the taint's value against the toleration's. */
function comparesWith(operator: string, taintValue: string, bound: string): boolean {
  const [actual, limit] = [Number(taintValue), Number(bound)]
  if (!Number.isInteger(actual) || !Number.isInteger(limit) || taintValue === "" || bound === "") return false
  return operator === "Gt" ? actual > limit : actual < limit
}
