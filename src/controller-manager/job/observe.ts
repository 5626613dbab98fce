import type { Job } from "../../api/batch/v1/job.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Clock } from "../../base/clock.ts"
import { isActive, isReady, isTerminating } from "../shared/pods.ts"
import { judgeFailure } from "./failure-policy.ts"
import { addIndexes, countIndexes, hasIndex, type Indexes, noIndexes, parseIndexes } from "./indexes.ts"
import { failureCounts, finishedMs, hasFailed, indexOf, isIndexed, isTracked } from "./job-pods.ts"

/**
 * What is known of a Job at one moment.
 *
 * A finished pod is counted exactly once, across crashes, in three steps: its uid is written to
 * `status.uncountedTerminatedPods`, then its finalizer is taken away, then the uid moves from that list into the counter
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/2307-job-tracking-without-lingering-pods).
 * Where there are indexes, `completedIndexes` does for successes what the list does elsewhere.
 */
export interface Observation {
  readonly job: Job
  readonly pods: readonly Pod[]
  readonly active: readonly Pod[]
  readonly ready: number
  readonly terminating: number
  /** The counters with every uid folded in whose finalizer is gone; what remains in the lists. */
  readonly counted: {
    readonly succeeded: number
    readonly failed: number
    readonly uncountedSucceeded: readonly string[]
    readonly uncountedFailed: readonly string[]
  }
  /** Tracked, finished, and in no list yet. */
  readonly newSucceeded: readonly Pod[]
  readonly newFailed: readonly Pod[]
  /** All successes and (not ignored) failures that are known, counted or not. */
  readonly succeeded: number
  readonly failed: number
  readonly succeededIndexes: Indexes
  /** Only with `backoffLimitPerIndex`. */
  readonly failedIndexes: Indexes | undefined
  /** The last failed pod of each index that waits for its replacement, which takes over its count of failures. */
  readonly toReplace: ReadonlyMap<number, Pod>
  /** The moment, by the wall clock and by the monotonic one. */
  readonly nowMs: number
  readonly monotonicMs: number
}

export function observe(job: Job, pods: readonly Pod[], clock: Clock): Observation {
  const counted = foldCounters(job, pods)
  const { uncountedSucceeded, uncountedFailed } = counted
  const valid = pods.filter((pod) => isTracked(pod) && (!isIndexed(job) || indexOf(pod, job) !== undefined))
  const newSucceeded = valid.filter(
    ({ status, metadata }) => status.phase === "Succeeded" && !uncountedSucceeded.includes(metadata.uid),
  )
  const newFailed = valid.filter((pod) => hasFailed(pod, job) && !uncountedFailed.includes(pod.metadata.uid))
  const active = pods.filter(isActive)
  const succeededIndexes = isIndexed(job) ? indexesSucceeded(job, pods) : noIndexes
  const failedIndexes = job.spec.backoffLimitPerIndex === undefined ? undefined : indexesFailed(job, pods)
  const failures = newFailed.filter((pod) => judgeFailure(job, pod).counts).length
  return {
    job,
    pods,
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    counted,
    newSucceeded,
    newFailed,
    succeeded: isIndexed(job)
      ? countIndexes(succeededIndexes)
      : counted.succeeded + newSucceeded.length + uncountedSucceeded.length,
    failed: counted.failed + failures + uncountedFailed.length,
    succeededIndexes,
    failedIndexes,
    toReplace: failedIndexes
      ? podsToReplace(job, valid, active, succeededIndexes, failedIndexes)
      : new Map<number, Pod>(),
    nowMs: clock.now(),
    monotonicMs: clock.monotonic(),
  }
}

function foldCounters({ status }: Job, pods: readonly Pod[]): Observation["counted"] {
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid))
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const uncountedSucceeded = succeeded.filter((uid) => tracked.has(uid))
  const uncountedFailed = failed.filter((uid) => tracked.has(uid))
  return {
    succeeded: (status.succeeded ?? 0) + succeeded.length - uncountedSucceeded.length,
    failed: (status.failed ?? 0) + failed.length - uncountedFailed.length,
    uncountedSucceeded,
    uncountedFailed,
  }
}

function indexesSucceeded(job: Job, pods: readonly Pod[]): Indexes {
  const before = parseIndexes(job.status.completedIndexes, job.spec.completions ?? 0)
  const added = pods
    .filter((pod) => pod.status.phase === "Succeeded" && isTracked(pod))
    .map((pod) => indexOf(pod, job))
  return addIndexes(
    before,
    added.filter((index) => index !== undefined),
  )
}

function indexesFailed(job: Job, pods: readonly Pod[]): Indexes {
  const before = parseIndexes(job.status.failedIndexes, job.spec.completions ?? 0)
  const added = pods
    .filter((pod) => isTracked(pod) && failsItsIndex(job, pod))
    .map((pod) => indexOf(pod, job))
  return addIndexes(
    before,
    added.filter((index) => index !== undefined),
  )
}

function failsItsIndex(job: Job, pod: Pod): boolean {
  if (!hasFailed(pod, job)) return false
  const { action, counts } = judgeFailure(job, pod)
  return action === "FailIndex" || (counts && failureCounts(pod).counted >= job.spec.backoffLimitPerIndex!)
}

function podsToReplace(
  job: Job,
  valid: readonly Pod[],
  active: readonly Pod[],
  succeeded: Indexes,
  failed: Indexes,
): ReadonlyMap<number, Pod> {
  const taken = new Set(active.map((pod) => indexOf(pod, job)))
  const found = new Map<number, Pod>()
  for (const pod of valid) {
    const index = indexOf(pod, job)!
    if (!hasFailed(pod, job) || taken.has(index) || hasIndex(succeeded, index) || hasIndex(failed, index))
      continue
    const known = found.get(index)
    if (!known || isLater(pod, known)) found.set(index, pod)
  }
  return found
}

/** Each pod of an index knows of more failures than the one before, whatever became of the clock since. */
function isLater(pod: Pod, known: Pod): boolean {
  const total = (one: Pod) => failureCounts(one).counted + failureCounts(one).ignored
  return total(pod) > total(known) || (total(pod) === total(known) && finishedMs(pod) >= finishedMs(known))
}
