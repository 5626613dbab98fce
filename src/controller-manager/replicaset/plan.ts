import type { Pod } from "../../api/core/v1/pod.ts"
import { rankForDeletion } from "./rank-pods.ts"

/** What to do so that as many pods run as are wanted. */
export type ReplicaPlan =
  | { readonly kind: "enough" }
  | { readonly kind: "create"; readonly count: number }
  | { readonly kind: "delete"; readonly pods: readonly Pod[] }

/** More are not created or deleted at once; the next round does the rest. */
export const burstReplicas = 500

/** `pods` are the active ones; `family` is asked for only when some must go, because ranking looks at siblings. */
export function planReplicas(
  wanted: number,
  pods: readonly Pod[],
  family: () => readonly Pod[],
  nowMs: number,
): ReplicaPlan {
  const missing = wanted - pods.length
  if (missing > 0) return { kind: "create", count: Math.min(missing, burstReplicas) }
  if (missing === 0) return { kind: "enough" }
  const surplus = Math.min(-missing, burstReplicas)
  const ranked = surplus < pods.length ? rankForDeletion(pods, family(), nowMs) : pods
  return { kind: "delete", pods: ranked.slice(0, surplus) }
}
