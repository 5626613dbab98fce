import type { Pod } from "../../api/core/v1/pod.ts"
import type { Taint } from "../../api/core/v1/toleration.ts"
import { tolerates } from "../../api/core/v1/tolerate-taints.ts"

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
