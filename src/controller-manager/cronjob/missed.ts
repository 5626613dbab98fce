import type { CronSchedule } from "../../base/cron-schedule.ts"
import { nextTime } from "../../base/cron-schedule.ts"

/** The moments of a schedule that have passed without a Job. */
export interface Missed {
  /** The latest; earlier ones are never made up for. Undefined when it is too long ago to be made up for, too. */
  readonly latestMs: number | undefined
  /** More than a hundred: worth a warning, because clocks may be wrong. */
  readonly many: boolean
}

const manyCount = 100

/**
 * Undefined when nothing was due in (fromMs, nowMs].
 *
 * Years may have passed, so moments are not counted one by one: the first interval says how many there were, and the
 * latest is looked for in the last two such intervals. A schedule that is busy for an hour a week has nothing there on
 * the other days; what it missed is not made up for.
 */
export function findMissed(
  schedule: CronSchedule,
  zone: string | undefined,
  fromMs: number,
  nowMs: number,
): Missed | undefined {
  const next = (afterMs: number) => nextTime(schedule, afterMs, zone) ?? Number.POSITIVE_INFINITY
  const first = next(fromMs)
  if (first > nowMs) return undefined
  const second = next(first)
  if (second > nowMs) return { latestMs: first, many: false }
  const intervalMs = second - first
  const intervals = Math.floor((nowMs - first) / intervalMs)
  let latestMs: number | undefined
  const startMs = first + (intervals - 1) * intervalMs
  for (let at = next(startMs); at <= nowMs; at = next(at)) latestMs = at
  return { latestMs, many: intervals >= manyCount }
}

/** When to look again: the moment that follows the latest missed, or the one things were counted from. */
export function nextLookMs(
  schedule: CronSchedule,
  zone: string | undefined,
  fromMs: number,
  nowMs: number,
): number | undefined {
  const missed = findMissed(schedule, zone, fromMs, nowMs)
  return nextTime(schedule, missed ? (missed.latestMs ?? nowMs) : fromMs, zone)
}
