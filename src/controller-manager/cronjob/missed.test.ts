import { describe, expect, it } from "vitest"
import { parseCronSchedule } from "../../base/cron-schedule.ts"
import { findMissed } from "./missed.ts"

function find(spec: string, from: string, now: string) {
  const schedule = parseCronSchedule(spec, Number)
  const missed = findMissed(schedule, undefined, Date.parse(from), Date.parse(now))
  return missed && [new Date(missed.latestMs).toISOString().slice(0, 16), missed.many]
}

describe("findMissed", () => {
  it("finds the latest moment that has passed", () => {
    expect(find("0 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:59:00Z")).toBeUndefined()
    expect(find("0 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")).toEqual([
      "2026-01-01T01:00",
      false,
    ])
    expect(find("0 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T09:30:00Z")).toEqual([
      "2026-01-01T09:00",
      false,
    ])
  })

  it("does not count through years", () => {
    expect(find("* * * * *", "1996-01-01T00:00:00Z", "2026-01-01T00:00:30Z")).toEqual([
      "2026-01-01T00:00",
      true,
    ])
  })

  it("copes with irregular schedules", () => {
    // Every minute of one hour a week: the interval says nothing about the gap.
    expect(find("* 3 * * 1", "2026-01-05T03:00:00Z", "2026-01-11T12:00:00Z")).toEqual([
      "2026-01-05T03:59",
      true,
    ])
  })
})
