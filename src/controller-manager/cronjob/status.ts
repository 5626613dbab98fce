import type { CronJob, CronJobStatus } from "../../api/batch/v1/cron-job.ts"
import type { Job } from "../../api/batch/v1/job.ts"
import type { ObjectReference } from "../../api/core/v1/object-reference.ts"
import { findCondition } from "../shared/conditions.ts"

export interface Notice {
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
}

/** "Complete" or "Failed" once the Job has come to its end. */
export function endOf({ status }: Job): "Complete" | "Failed" | undefined {
  return (["Complete", "Failed"] as const).find(
    (type) => findCondition(status.conditions, type)?.status === "True",
  )
}

export interface KnownJobs {
  /** The Jobs that are said to run. */
  readonly active: readonly ObjectReference[]
  /** The uids of those among them that the server does not have. */
  readonly missing: ReadonlySet<string>
}

/** The list of running Jobs brought up to date, and what is worth telling about it. */
export function computeStatus(
  { status }: CronJob,
  { active: said, missing }: KnownJobs,
  jobs: readonly Job[],
): { readonly status: CronJobStatus; readonly notices: readonly Notice[] } {
  const notices: Notice[] = []
  const byUid = new Map(jobs.map((job) => [job.metadata.uid, job]))
  const active = said.filter(({ uid = "", name }) => {
    if (missing.has(uid)) notices.push(normal("MissingJob", `Active job went missing: ${name}`))
    const job = byUid.get(uid)
    const end = job && endOf(job)
    if (end) notices.push(normal("SawCompletedJob", `Saw completed job: ${name}, condition: ${end}`))
    return !missing.has(uid) && end === undefined
  })
  const known = new Set(active.map(({ uid }) => uid))
  for (const job of jobs) {
    if (known.has(job.metadata.uid) || endOf(job)) continue
    const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`
    notices.push({ type: "Warning", reason: "UnexpectedJob", message })
  }
  const lastSuccessfulTime = latest([
    status.lastSuccessfulTime,
    ...jobs.filter((job) => endOf(job) === "Complete").map((job) => job.status.completionTime),
  ])
  return { status: { ...status, active, ...(lastSuccessfulTime && { lastSuccessfulTime }) }, notices }
}

/** Finished Jobs beyond the limits, the oldest first. */
export function planHistory({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const beyond = (end: "Complete" | "Failed", limit: number | undefined) => {
    const ended = jobs.filter((job) => endOf(job) === end && !job.metadata.deletionTimestamp).sort(byStart)
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit))
  }
  return [
    ...beyond("Complete", spec.successfulJobsHistoryLimit),
    ...beyond("Failed", spec.failedJobsHistoryLimit),
  ]
}

function byStart(a: Job, b: Job): number {
  const start = ({ status }: Job) =>
    status.startTime ? Date.parse(status.startTime) : Number.POSITIVE_INFINITY
  return start(a) - start(b) || (a.metadata.name < b.metadata.name ? -1 : 1)
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .filter((time) => time !== undefined)
    .sort((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1)
}

function normal(reason: string, message: string): Notice {
  return { type: "Normal", reason, message }
}
