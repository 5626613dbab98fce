import type { Pod } from "../../api/core/v1/pod.ts"
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetStatus,
} from "../../api/policy/v1/pod-disruption-budget.ts"
import { scaleIntOrPercent } from "../../apimachinery/int-or-string.ts"
import { isReady } from "../shared/pods.ts"
import { withCondition } from "../shared/conditions.ts"

/** An eviction that was allowed counts until the pod is seen going, at most this long. */
const evictionTimeoutMs = 120_000

export interface BudgetInput {
  readonly budget: PodDisruptionBudget
  readonly pods: readonly Pod[]
  /** What the pods' controllers want; only asked where the budget needs it. */
  readonly expected: number
  readonly nowMs: number
}

export interface BudgetReport {
  readonly status: PodDisruptionBudgetStatus
  /** Allowed to be evicted long ago, and still there. */
  readonly notDeleted: readonly Pod[]
  readonly recheckInMs: number | undefined
}

/** Whether `expected` must be known: a number of pods that must be available can be told without. */
export function needsExpected({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === "string"
}

/**
 * How many more pods may be evicted now (https://kubernetes.io/docs/tasks/run-application/configure-pdb/). 7 expected, at
 * most 30% unavailable: 3 (rounded up) may be away, 4 must be healthy; with 6 healthy, 2 may be evicted.
 */
export function computeBudget({ budget, pods, expected, nowMs }: BudgetInput): BudgetReport {
  const { maxUnavailable, minAvailable } = budget.spec
  const expectedPods = needsExpected(budget) ? expected : pods.length
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaleIntOrPercent(minAvailable ?? 0, expectedPods, "up")
      : Math.max(0, expectedPods - scaleIntOrPercent(maxUnavailable, expectedPods, "up"))
  const { disruptedPods, notDeleted, recheckInMs } = checkEvictions(budget, pods, nowMs)
  const isGoing = (pod: Pod) =>
    pod.metadata.deletionTimestamp !== undefined || disruptedPods[pod.metadata.name] !== undefined
  const currentHealthy = pods.filter((pod) => !isGoing(pod) && isReady(pod)).length
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0
  const observedGeneration = budget.metadata.generation
  const conditions = withCondition(
    budget.status.conditions,
    {
      type: "DisruptionAllowed",
      status: disruptionsAllowed > 0 ? "True" : "False",
      reason: disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods",
      message: "",
      ...(observedGeneration !== undefined && { observedGeneration }),
    },
    nowMs,
  )
  return {
    status: {
      observedGeneration,
      ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      conditions,
    },
    notDeleted,
    recheckInMs,
  }
}

/** When nothing is known nothing may be evicted. */
export function failSafe(
  { status }: PodDisruptionBudget,
  message: string,
  nowMs: number,
): PodDisruptionBudgetStatus {
  const condition = {
    type: "DisruptionAllowed",
    status: "False",
    reason: "SyncFailed",
    message,
  }
  return { ...status, disruptionsAllowed: 0, conditions: withCondition(status.conditions, condition, nowMs) }
}

/** Evictions that were allowed and whose pods are not yet seen going. */
function checkEvictions({ status }: PodDisruptionBudget, pods: readonly Pod[], nowMs: number) {
  const disruptedPods: Record<string, string> = {}
  const notDeleted: Pod[] = []
  let recheckInMs: number | undefined
  for (const pod of pods) {
    const since = status.disruptedPods?.[pod.metadata.name]
    if (!since || pod.metadata.deletionTimestamp) continue
    const leftMs = Date.parse(since) + evictionTimeoutMs - nowMs
    if (leftMs <= 0) notDeleted.push(pod)
    else {
      disruptedPods[pod.metadata.name] = since
      recheckInMs = Math.min(recheckInMs ?? leftMs, leftMs)
    }
  }
  return { disruptedPods, notDeleted, recheckInMs }
}
