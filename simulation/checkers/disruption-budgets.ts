import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { PodDisruptionBudget } from "../../src/api/policy/v1/pod-disruption-budget.ts"
import { matchesLabels, selectorFromObject } from "../../src/apimachinery/labels.ts"
import type { Observed } from "../world/history.ts"
import { Armed } from "./armed.ts"
import { type Checker, nameOf } from "./checker.ts"
import { disruptionReason, isAvailable } from "./disruptions.ts"

/** An eviction never leaves fewer healthy pods than a budget wants, as long as evictions alone take pods away. */
export function disruptionBudgets(): Checker {
  const armed = new Armed()
  return {
    name: "disruption-budgets",
    evicting: true,
    disturbing: () => armed.before(),
    disturbed: (atMs) => armed.after(atMs),
    observe({ resource, current, previous, atMs }, objects) {
      if (resource === "poddisruptionbudgets" && current)
        look(current as PodDisruptionBudget, armed, atMs, objects)
      if (resource !== "pods" || !previous || !isAvailable(previous as Pod)) return undefined
      const pod = current as Pod | undefined
      if (pod && isAvailable(pod)) return undefined
      const isEviction = pod !== undefined && disruptionReason(pod) === "EvictionByEvictionAPI"
      for (const budget of budgetsOf(previous as Pod, objects)) {
        if (!isEviction) armed.disarm(budget.metadata.uid)
        const healthy = healthyOf(budget, objects)
        const least = Number(budget.spec.minAvailable ?? 0)
        if (armed.has(budget.metadata.uid) && healthy < least)
          return `${nameOf(previous)} is evicted, which leaves ${nameOf(budget)} with ${healthy} of ${least}`
      }
      return undefined
    },
  }
}

/** As it says itself, and in truth. */
function look(budget: PodDisruptionBudget, armed: Armed, atMs: number, objects: Observed): void {
  const { uid, generation } = budget.metadata
  const { currentHealthy, observedGeneration, disruptedPods } = budget.status
  const isInTruth =
    observedGeneration === generation &&
    currentHealthy === healthyOf(budget, objects) &&
    Object.keys(disruptedPods ?? {}).length === 0
  if (isInTruth) armed.arm(uid, atMs)
}

function budgetsOf(pod: Pod, objects: Observed): PodDisruptionBudget[] {
  return objects.list<PodDisruptionBudget>("poddisruptionbudgets").filter((budget) => selects(budget, pod))
}

function healthyOf(budget: PodDisruptionBudget, objects: Observed): number {
  return objects.list<Pod>("pods").filter((pod) => selects(budget, pod) && isAvailable(pod)).length
}

function selects({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean {
  return (
    pod.metadata.namespace === metadata.namespace &&
    matchesLabels(selectorFromObject(spec.selector), pod.metadata.labels)
  )
}
