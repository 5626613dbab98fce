import type { JobCondition } from "../../api/batch/v1/job.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { findCondition } from "../shared/conditions.ts"
import { judgeFailure } from "./failure-policy.ts"
import { countIndexes, type Indexes, parseIndexes } from "./indexes.ts"
import { hasFailed, isIndexed } from "./job-pods.ts"
import type { Observation } from "./observe.ts"

/** How a Job is going to end. Told at once; the end itself comes when all its pods have ended and are counted. */
export interface Target {
  readonly type: "SuccessCriteriaMet" | "FailureTarget"
  readonly reason: string
  readonly message: string
}

export function planFinish(observation: Observation): Target | undefined {
  return decidedBefore(observation) ?? failure(observation) ?? success(observation)
}

/** The decision stands, whatever happens afterwards. */
function decidedBefore({ job }: Observation): Target | undefined {
  for (const type of ["SuccessCriteriaMet", "FailureTarget"] as const) {
    const condition = findCondition(job.status.conditions, type)
    if (condition?.status === "True") return toTarget(type, condition)
  }
  return undefined
}

function toTarget(type: Target["type"], { reason = "", message = "" }: JobCondition): Target {
  return { type, reason, message }
}

function failure(observation: Observation): Target | undefined {
  const { job, pods, failed, failedIndexes, succeededIndexes } = observation
  const { completions = 0, maxFailedIndexes } = job.spec
  const byPolicy = pods
    .filter((pod) => hasFailed(pod, job))
    .map((pod) => judgeFailure(job, pod).jobMessage)
    .find((message) => message !== undefined)
  if (byPolicy !== undefined) return fails("PodFailurePolicy", byPolicy)
  if (failed > (job.spec.backoffLimit ?? 6) || restartedTooOften(observation))
    return fails("BackoffLimitExceeded", "Job has reached the specified backoff limit")
  if ((deadlineInMs(observation) ?? 1) <= 0)
    return fails("DeadlineExceeded", "Job was active longer than specified deadline")
  if (!failedIndexes) return undefined
  const count = countIndexes(failedIndexes)
  if (maxFailedIndexes !== undefined && count > maxFailedIndexes)
    return fails(
      "MaxFailedIndexesExceeded",
      "Job has exceeded the specified maximal number of failed indexes",
    )
  if (count > 0 && count + countIndexes(succeededIndexes) >= completions)
    return fails("FailedIndexes", "Job has failed indexes")
  return undefined
}

function fails(reason: string, message: string): Target {
  return { type: "FailureTarget", reason, message }
}

/** With restartPolicy OnFailure it is the restarts of containers that count. */
function restartedTooOften({ job, pods }: Observation): boolean {
  if (job.spec.template.spec.restartPolicy !== "OnFailure") return false
  const limit = job.spec.backoffLimit ?? 6
  const restarts = pods
    .filter(({ status }) => status.phase === "Running" || status.phase === "Pending")
    .reduce((total, pod) => total + restartsOf(pod), 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

function restartsOf({ status }: Pod): number {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  return all.reduce((total, { restartCount }) => total + restartCount, 0)
}

/** Milliseconds until `activeDeadlineSeconds` are over; undefined where there is no deadline, or its clock stands still. */
export function deadlineInMs({ job, nowMs }: Observation): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec
  if (activeDeadlineSeconds === undefined || suspend || !job.status.startTime) return undefined
  return Date.parse(job.status.startTime) + activeDeadlineSeconds * 1000 - nowMs
}

function success(observation: Observation): Target | undefined {
  const { job, active, succeeded, succeededIndexes } = observation
  const rule = isIndexed(job) ? matchSuccessPolicy(observation, succeededIndexes) : undefined
  if (rule !== undefined) return succeeds("SuccessPolicy", `Matched rules at index ${rule}`)
  const { completions } = job.spec
  const enough = completions === undefined ? succeeded > 0 : succeeded >= completions
  if (!enough || active.length > 0) return undefined
  return succeeds("CompletionsReached", "Reached expected number of succeeded pods")
}

function succeeds(reason: string, message: string): Target {
  return { type: "SuccessCriteriaMet", reason, message }
}

/** The first rule that the succeeded indexes satisfy. */
function matchSuccessPolicy({ job }: Observation, succeeded: Indexes): number | undefined {
  const { completions = 0, successPolicy } = job.spec
  const met = successPolicy?.rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return countIndexes(succeeded) >= (succeededCount ?? completions)
    const wanted = parseIndexes(succeededIndexes, completions)
    return intersectionSize(wanted, succeeded) >= (succeededCount ?? countIndexes(wanted))
  })
  return met === undefined || met < 0 ? undefined : met
}

function intersectionSize(a: Indexes, b: Indexes): number {
  let size = 0
  for (const one of a)
    for (const other of b)
      size += Math.max(0, Math.min(one.last, other.last) - Math.max(one.first, other.first) + 1)
  return size
}
