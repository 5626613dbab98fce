import type { Job, JobCondition, JobStatus } from "../../api/batch/v1/job.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { findCondition } from "../shared/conditions.ts"
import { isReady } from "../shared/pods.ts"
import type { PodChanges } from "./apply.ts"
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
  changes: PodChanges,
): JobStatus {
  const { job, counted, succeededIndexes, failedIndexes, nowMs } = observation
  const now = formatTime(nowMs)
  const conditions = computeConditions(observation, target, tracking, now)
  const startTime = startOf(job, conditions, now)
  const isComplete = findCondition(conditions, "Complete")?.status === "True"
  const { uncountedSucceeded, uncountedFailed } = tracking
  const { startTime: _, ...before } = job.status
  return {
    ...before,
    ...countPods(observation, changes),
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

/** Pods just created run, and those just deleted are ending. */
function countPods(
  { active, ready, terminating }: Observation,
  { created, deleted }: PodChanges,
): Pick<JobStatus, "active" | "ready" | "terminating"> {
  return {
    active: active.length + created - deleted.length,
    ready: ready - deleted.filter(isReady).length,
    terminating: terminating + deleted.length,
  }
}

/** The deadline's clock starts when the Job does, is forgotten when it is suspended, and starts anew when it is resumed. */
function startOf(
  { spec, status }: Job,
  conditions: readonly JobCondition[],
  now: string,
): string | undefined {
  const was = findCondition(status.conditions, "Suspended")?.status
  const is = findCondition(conditions, "Suspended")?.status
  if (is === "True" && was !== "True") return undefined
  const isResumed = was === "True" && is === "False"
  return !spec.suspend && (!status.startTime || isResumed) ? now : status.startTime
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
