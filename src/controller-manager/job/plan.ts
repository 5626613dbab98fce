import type { Job } from "../../api/batch/v1/job.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { rankForDeletion } from "../replicaset/rank-pods.ts"
import { isTerminating } from "../shared/pods.ts"
import type { Pauses } from "./backoff.ts"
import { judgeFailure } from "./failure-policy.ts"
import type { Target } from "./finish.ts"
import { addIndexes, firstMissing, mergeIndexes } from "./indexes.ts"
import { failureCounts, indexOf, isIndexed, type PodSlot, replacesOnlyFailed } from "./job-pods.ts"
import type { Observation } from "./observe.ts"

export type PodPlan =
  | { readonly kind: "none" }
  /** The Job ends: its running pods go, and count as failed where it failed. */
  | { readonly kind: "end"; readonly pods: readonly Pod[] }
  /** There are too many: these go and count for nothing. */
  | { readonly kind: "remove"; readonly pods: readonly Pod[] }
  | { readonly kind: "create"; readonly slots: readonly PodSlot[] }
  /** Pods are missing, but the last failure is too near. */
  | { readonly kind: "wait"; readonly ms: number }

/** More are not created or deleted at once; the next round does the rest. */
const burst = 500

export function planPods(observation: Observation, target: Target | undefined, pauses: Pauses): PodPlan {
  const { job, active } = observation
  if (target) return active.length > 0 ? { kind: "end", pods: active } : { kind: "none" }
  if (job.metadata.deletionTimestamp) return { kind: "none" }
  const wanted = job.spec.suspend ? 0 : wantedActive(observation)
  const surplus = chooseSurplus(observation, Math.max(0, active.length - wanted))
  if (surplus.length > 0) return { kind: "remove", pods: surplus.slice(0, burst) }
  const missing = wanted - active.length - (replacesOnlyFailed(job) ? observation.terminating : 0)
  if (missing <= 0) return { kind: "none" }
  return planCreation(observation, Math.min(missing, burst), pauses)
}

/** As many as may run, but no more than are left to succeed; once one of an open-ended Job has succeeded, no new ones. */
function wantedActive({ job, active, succeeded }: Observation): number {
  const { parallelism = 1, completions } = job.spec
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(parallelism, completions - succeeded))
}

/** Pods whose index is taken or does not exist, then those that have done the least. */
function chooseSurplus({ job, active, nowMs }: Observation, count: number): readonly Pod[] {
  const [spare, rest] = isIndexed(job) ? splitDuplicates(job, active, nowMs) : [[], active]
  if (spare.length >= count) return spare
  return [...spare, ...rankForDeletion(rest, [], nowMs).slice(0, count - spare.length)]
}

function splitDuplicates(job: Job, active: readonly Pod[], nowMs: number): [Pod[], Pod[]] {
  const byIndex = new Map<number | undefined, Pod[]>()
  for (const pod of active) {
    const index = indexOf(pod, job)
    byIndex.set(index, [...(byIndex.get(index) ?? []), pod])
  }
  const spare = [...(byIndex.get(undefined) ?? [])]
  const kept: Pod[] = []
  byIndex.delete(undefined)
  for (const pods of byIndex.values()) {
    const ranked = rankForDeletion(pods, [], nowMs)
    spare.push(...ranked.slice(0, -1))
    kept.push(ranked.at(-1)!)
  }
  return [spare, kept]
}

function planCreation(observation: Observation, count: number, pauses: Pauses): PodPlan {
  const { job, failedIndexes, toReplace, monotonicMs } = observation
  const ms = pauses.dueMs - monotonicMs
  if (!failedIndexes && ms > 0) return { kind: "wait", ms }
  if (!isIndexed(job)) return { kind: "create", slots: Array.from({ length: count }, () => ({})) }
  const indexes = missingIndexes(observation, count)
  if (!failedIndexes) return { kind: "create", slots: indexes.map((index) => ({ index })) }
  const waits = indexes.map((index) => {
    const dueMs = pauses.indexDueMs.get(toReplace.get(index)?.metadata.uid ?? "")
    return dueMs === undefined ? 0 : Math.max(0, dueMs - monotonicMs)
  })
  const due = indexes.filter((_, position) => waits[position] === 0)
  if (due.length === 0)
    return indexes.length === 0 ? { kind: "none" } : { kind: "wait", ms: Math.min(...waits) }
  const slots = due.map((index) => ({ index, failures: failuresFor(job, toReplace.get(index)) }))
  return { kind: "create", slots }
}

function missingIndexes(observation: Observation, count: number): readonly number[] {
  const { job, active, pods, succeededIndexes, failedIndexes = [] } = observation
  const busy = replacesOnlyFailed(job) ? [...active, ...pods.filter(isTerminating)] : active
  const taken = busy.map((pod) => indexOf(pod, job)).filter((index) => index !== undefined)
  const used = addIndexes(mergeIndexes(succeededIndexes, failedIndexes), taken)
  return firstMissing(used, count, job.spec.completions ?? 0)
}

/** The count of failures that a new pod of an index takes over from the last. */
function failuresFor(job: Job, last: Pod | undefined): { counted: number; ignored: number } {
  if (!last) return { counted: 0, ignored: 0 }
  const { counted, ignored } = failureCounts(last)
  return judgeFailure(job, last).counts
    ? { counted: counted + 1, ignored }
    : { counted, ignored: ignored + 1 }
}
