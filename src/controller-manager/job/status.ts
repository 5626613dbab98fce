import type { Job, JobCondition, JobStatus } from "../../api/batch/v1/job.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { findCondition } from "../shared/conditions.ts"
import type { Target } from "./finish.ts"
import { countIndexes, formatIndexes } from "./indexes.ts"
import { isIndexed, isTracked } from "./job-pods.ts"
import type { Observation } from "./observe.ts"
import type { Tracking } from "./track.ts"

export function isFinished({ status }: Job): boolean {
  return ["Complete", "Failed"].some((type) => findCondition(status.conditions, type)?.status === "True")
}

export function computeStatus(
  observation: Observation,
  target: Target | undefined,
  tracking: Tracking,
): JobStatus {
  const { job, active, ready, terminating, counted, succeededIndexes, failedIndexes, nowMs } = observation
  const now = formatTime(nowMs)
  const conditions = computeConditions(observation, target, tracking, now)
  const resumed = conditions.find(({ type }) => type === "Suspended")
  const wasSuspended = findCondition(job.status.conditions, "Suspended")?.status === "True"
  // The deadline's clock starts when the Job does, and anew when it is resumed.
  const startsNow =
    !job.spec.suspend && (!job.status.startTime || (wasSuspended && resumed?.status === "False"))
  const startTime = startsNow ? now : job.status.startTime
  const isComplete = findCondition(conditions, "Complete")?.status === "True"
  const { uncountedSucceeded, uncountedFailed } = tracking
  return {
    ...job.status,
    active: active.length,
    ready,
    terminating,
    succeeded: isIndexed(job) ? countIndexes(succeededIndexes) : counted.succeeded,
    failed: counted.failed,
    uncountedTerminatedPods: { succeeded: [...uncountedSucceeded], failed: [...uncountedFailed] },
    ...(isIndexed(job) && { completedIndexes: formatIndexes(succeededIndexes) }),
    ...(failedIndexes && { failedIndexes: formatIndexes(failedIndexes) }),
    ...(startTime && { startTime }),
    ...(isComplete && !job.status.completionTime && { completionTime: laterOf(now, startTime) }),
    conditions,
  }
}

/** A clock that was set back must not keep a Job from being done: it can't end before it began. */
function laterOf(now: string, startTime: string | undefined): string {
  return startTime && startTime > now ? startTime : now
}

function computeConditions(
  observation: Observation,
  target: Target | undefined,
  tracking: Tracking,
  now: string,
): JobCondition[] {
  const { job } = observation
  const present = job.status.conditions ?? []
  if (!target) return withSuspended(job, present, now)
  const { reason, message } = target
  const told = findCondition(present, target.type)
    ? present
    : [...present, newCondition(target.type, "True", reason, message, now)]
  if (!hasEnded(observation, tracking)) return [...told]
  const type = target.type === "FailureTarget" ? "Failed" : "Complete"
  return [...told, newCondition(type, "True", reason, message, now)]
}

/** Nothing runs, nothing is ending, and everything is counted. */
function hasEnded({ active, terminating, pods }: Observation, tracking: Tracking): boolean {
  const uncounted = tracking.uncountedSucceeded.length + tracking.uncountedFailed.length
  return active.length === 0 && terminating === 0 && uncounted === 0 && !pods.some(isTracked)
}

function withSuspended(job: Job, conditions: readonly JobCondition[], now: string): JobCondition[] {
  const present = findCondition(conditions, "Suspended")
  const wanted = job.spec.suspend
    ? newCondition("Suspended", "True", "JobSuspended", "Job suspended", now)
    : newCondition("Suspended", "False", "JobResumed", "Job resumed", now)
  if (present)
    return conditions.map((one) => (one === present && one.status !== wanted.status ? wanted : one))
  // Never having been suspended is not worth telling.
  return job.spec.suspend ? [...conditions, wanted] : [...conditions]
}

function newCondition(
  type: string,
  status: string,
  reason: string,
  message: string,
  now: string,
): JobCondition {
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message }
}
