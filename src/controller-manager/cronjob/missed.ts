import type { CronSchedule } from "../../base/cron-schedule.ts"
import { nextTime } from "../../base/cron-schedule.ts"

/** A moment of the schedule that has passed without a Job. */
export interface Missed {
  /** The latest; earlier ones are never made up for. */
  readonly latestMs: number
  /** More than a hundred: worth a warning, because clocks may be wrong. */
  readonly many: boolean
}

const manyCount = 100

/** Undefined when nothing was due in (fromMs, nowMs]. */
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
  // Years may have passed: look back from now, further and further, until something is found.
  const intervalMs = second - first
  let latestMs = second
  for (let spanMs = intervalMs; ; spanMs *= 2) {
    const start = Math.max(first, nowMs - spanMs)
    if (next(start) > nowMs && start > first) continue
    for (let at = next(start); at <= nowMs; at = next(at)) latestMs = at
    break
  }
  return { latestMs, many: (nowMs - first) / intervalMs >= manyCount }
}
