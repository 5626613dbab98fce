import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { isTerminal } from "../shared/pods.ts"
import type { Scaling } from "./plan.ts"
import { type Generations, isActiveSet, replicasOf } from "./replica-sets.ts"

export type RecreatePlan =
  | { readonly kind: "scale"; readonly scalings: readonly Scaling[] }
  /** Old pods still run: the two generations must never run at the same time. */
  | { readonly kind: "wait" }
  | { readonly kind: "create"; readonly replicas: number }

/** First all old pods go, and when the last has ended the new ones come. `oldPods` includes those that are ending. */
export function planRecreate(
  deployment: Deployment,
  { newest, old }: Generations,
  oldPods: readonly Pod[],
): RecreatePlan {
  const scalings = old.filter(isActiveSet).map((replicaSet) => ({ replicaSet, to: 0 }))
  if (scalings.length > 0) return { kind: "scale", scalings }
  if (oldPods.some((pod) => !isTerminal(pod))) return { kind: "wait" }
  const wanted = deployment.spec.replicas ?? 1
  if (!newest) return { kind: "create", replicas: wanted }
  return {
    kind: "scale",
    scalings: replicasOf(newest) === wanted ? [] : [{ replicaSet: newest, to: wanted }],
  }
}
