import { type CronSchedule, parseCronSchedule } from "../../base/cron-schedule.ts"
import { isTimeZone } from "../../base/time-zone.ts"
import type { CronJob } from "../../api/batch/v1/cron-job.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import { findMissed, nextLookMs } from "./missed.ts"
import type { Notice } from "./status.ts"

/** What the calendar asks for now. */
export interface SchedulePlan {
  /** The moment for which a Job is to be started. */
  readonly startMs?: number
  /** Running Jobs make way for it. */
  readonly replace?: boolean
  /** When to look again; undefined when only a change of the CronJob can help. */
  readonly nextInMs?: number
  readonly notices: readonly Notice[]
}

/** Looking a moment late finds the scheduled time in the past for certain. */
const slackMs = 100

/** `active` are the names of the Jobs that run. */
export function planSchedule(cronJob: CronJob, active: readonly string[], nowMs: number): SchedulePlan {
  const { spec, status, metadata } = cronJob
  const { timeZone, startingDeadlineSeconds, concurrencyPolicy } = spec
  if (metadata.deletionTimestamp) return { notices: [] }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`
    return { notices: [warning("UnknownTimeZone", message)] }
  }
  if (spec.suspend) return { notices: [] }
  const parsed = parse(spec.schedule)
  if (parsed.kind === "invalid") return { notices: [warning("UnparseableSchedule", parsed.message)] }
  const { schedule } = parsed

  const sinceMs = Date.parse(status.lastScheduleTime ?? metadata.creationTimestamp)
  const nextMs = nextLookMs(schedule, timeZone, sinceMs, nowMs)
  if (nextMs === undefined) {
    // A date that no year has, like 31 February.
    const message = `invalid schedule: ${spec.schedule} : time difference between two schedules is less than 1 second`
    return { notices: [warning("InvalidSchedule", message)] }
  }
  const later = { nextInMs: nextMs - nowMs + slackMs }
  const missed = findMissed(schedule, timeZone, earliestMs(sinceMs, spec, nowMs), nowMs)
  const notices: Notice[] = []
  if (missed?.latestMs === undefined) return { ...later, notices }
  if (missed.many) {
    const message =
      "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
    notices.push(warning("TooManyMissedTimes", message))
  }
  const startMs = missed.latestMs
  if (startingDeadlineSeconds !== undefined && startMs + startingDeadlineSeconds * 1000 < nowMs) {
    const message = `Missed scheduled time to start a job: ${formatRfc1123(startMs)}`
    return { ...later, notices: [...notices, warning("MissSchedule", message)] }
  }
  const isStarted = status.lastScheduleTime !== undefined && Date.parse(status.lastScheduleTime) === startMs
  if (isStarted || active.includes(jobName(cronJob, startMs))) return { ...later, notices }
  if (concurrencyPolicy === "Forbid" && active.length > 0) {
    const message = "Not starting job because prior execution is running and concurrency policy is Forbid"
    return { ...later, notices: [...notices, { type: "Normal", reason: "JobAlreadyActive", message }] }
  }
  return { ...later, startMs, replace: concurrencyPolicy === "Replace", notices }
}

/** One Job for each scheduled minute: its name is the lock that keeps a second from being made. */
export function jobName({ metadata }: CronJob, startMs: number): string {
  return `${metadata.name}-${Math.floor(startMs / 60_000)}`
}

/** Nothing before this is started any more. */
function earliestMs(sinceMs: number, { startingDeadlineSeconds }: CronJob["spec"], nowMs: number): number {
  return startingDeadlineSeconds === undefined
    ? sinceMs
    : Math.max(sinceMs, nowMs - startingDeadlineSeconds * 1000)
}

function parse(text: string): { kind: "ok"; schedule: CronSchedule } | { kind: "invalid"; message: string } {
  try {
    return { kind: "ok", schedule: parseCronSchedule(text, parseDuration) }
  } catch (error) {
    return {
      kind: "invalid",
      message: `unparseable schedule: ${JSON.stringify(text)} : ${(error as Error).message}`,
    }
  }
}

/** "Mon, 02 Jan 2006 15:04:05 +0000" */
function formatRfc1123(ms: number): string {
  return new Date(ms).toUTCString().replace("GMT", "+0000")
}

function warning(reason: string, message: string): Notice {
  return { type: "Warning", reason, message }
}
