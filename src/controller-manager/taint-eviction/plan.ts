import type { Pod } from "../../api/core/v1/pod.ts"
import type { Taint } from "../../api/core/v1/toleration.ts"
import { tolerates } from "../../api/core/v1/tolerate-taints.ts"

export type EvictionPlan =
  | { readonly kind: "stay" }
  | { readonly kind: "evictNow" }
  | { readonly kind: "evictAfter"; readonly delayMs: number }

/**
 * How long a pod may stay on a node with these taints that drive pods off. One that it does not tolerate drives it off at
 * once; one that it tolerates for a while, when that while is over. Of several tolerations for a taint the first counts, of
 * several taints the one that it tolerates for the shortest.
 */
export function planEviction(pod: Pod, taints: readonly Taint[]): EvictionPlan {
  let shortest = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const toleration = pod.spec.tolerations?.find((each) => tolerates(each, taint))
    if (!toleration) return { kind: "evictNow" }
    shortest = Math.min(shortest, Math.max(0, toleration.tolerationSeconds ?? Number.POSITIVE_INFINITY))
  }
  return Number.isFinite(shortest) ? { kind: "evictAfter", delayMs: shortest * 1000 } : { kind: "stay" }
}
