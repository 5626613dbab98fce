import type { Pod } from "../../api/core/v1/pod.ts"
import { judgeFailure } from "./failure-policy.ts"
import type { Target } from "./finish.ts"
import { hasFailed, indexOf, isIndexed, isTracked } from "./job-pods.ts"
import type { Observation } from "./observe.ts"

/** Which pods are written down as finished, and which may lose their finalizer once that is done. */
export interface Tracking {
  readonly uncountedSucceeded: readonly string[]
  readonly uncountedFailed: readonly string[]
  readonly release: readonly Pod[]
}

/** Keeps the status small, and one Job from starving others. */
const maxUncounted = 500

export function trackPods(observation: Observation, target: Target | undefined): Tracking {
  const { job, pods, counted } = observation
  const uncountedSucceeded = [...counted.uncountedSucceeded]
  const uncountedFailed = [...counted.uncountedFailed]
  const release: Pod[] = []
  for (const pod of pods) {
    if (!isTracked(pod) || !mayRelease(observation, pod, target)) continue
    release.push(pod)
    const { uid } = pod.metadata
    if (pod.status.phase === "Succeeded" && !uncountedFailed.includes(uid)) {
      // An index is enough to know that it was counted.
      if (!isIndexed(job) && !uncountedSucceeded.includes(uid)) uncountedSucceeded.push(uid)
    } else if (countsAsFailed(observation, pod, target) && !uncountedFailed.includes(uid))
      uncountedFailed.push(uid)
    if (uncountedSucceeded.length + uncountedFailed.length >= maxUncounted) break
  }
  return { uncountedSucceeded, uncountedFailed, release }
}

function mayRelease({ job, toReplace }: Observation, pod: Pod, target: Target | undefined): boolean {
  if (job.metadata.deletionTimestamp || target || pod.status.phase === "Succeeded") return true
  if (!hasFailed(pod, job)) return false
  // It stays until its replacement has taken over its count of failures.
  const index = indexOf(pod, job)
  return index === undefined || toReplace.get(index)?.metadata.uid !== pod.metadata.uid
}

function countsAsFailed({ job }: Observation, pod: Pod, target: Target | undefined): boolean {
  // A Job that has failed fails what still runs.
  if (!hasFailed(pod, job) && target?.type !== "FailureTarget") return false
  if (isIndexed(job) && indexOf(pod, job) === undefined) return false
  return judgeFailure(job, pod).counts
}
