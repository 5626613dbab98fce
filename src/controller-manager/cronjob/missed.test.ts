import { describe, expect, it } from "vitest"
import { parseCronSchedule } from "../../base/cron-schedule.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import { findMissed, nextLookMs } from "./missed.ts"

function find(spec: string, from: string, now: string) {
  const schedule = parseCronSchedule(spec, Number)
  const missed = findMissed(schedule, undefined, Date.parse(from), Date.parse(now))
  const latest = missed?.latestMs === undefined ? undefined : new Date(missed.latestMs)
  return missed && [latest?.toISOString().slice(0, 16), missed.many]
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

  it("looks for the latest no further back than two of the first intervals", () => {
    // Every minute of one hour a week: six days later, none of them is near.
    expect(find("* 3 * * 1", "2026-01-05T03:00:00Z", "2026-01-11T12:00:00Z")).toEqual([undefined, true])
    expect(find("* 3 * * 1", "2026-01-05T03:00:00Z", "2026-01-05T03:59:30Z")).toEqual([
      "2026-01-05T03:59",
      false,
    ])
  })
})

describe("nextLookMs", () => {
  const look = (spec: string, from: string, now: string) => {
    const at = nextLookMs(
      parseCronSchedule(spec, parseDuration),
      undefined,
      Date.parse(from),
      Date.parse(now),
    )
    return at && new Date(at).toISOString().slice(0, 16)
  }

  it("keeps the beat of an interval, whenever it is asked", () => {
    expect(look("@every 5m", "2026-01-01T00:00:00Z", "2026-01-01T00:03:00Z")).toBe("2026-01-01T00:05")
    expect(look("@every 5m", "2026-01-01T00:00:00Z", "2026-01-01T00:12:00Z")).toBe("2026-01-01T00:15")
  })

  it("goes on from now when what was missed is long ago", () => {
    expect(look("* 3 * * 1", "2026-01-05T03:00:00Z", "2026-01-11T12:00:00Z")).toBe("2026-01-12T03:00")
  })
})
