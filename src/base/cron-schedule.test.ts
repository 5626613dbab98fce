import { describe, expect, it } from "vitest"
import { nextTime, parseCronSchedule } from "./cron-schedule.ts"

const parse = (spec: string) => parseCronSchedule(spec, (text) => Number(text.replace("m", "")) * 60_000)

function times(spec: string, from: string, count: number, zone?: string): string[] {
  const found: string[] = []
  let at: number | undefined = Date.parse(from)
  for (let index = 0; index < count; index++) {
    at = nextTime(parse(spec), at, zone)
    if (at === undefined) return found
    found.push(new Date(at).toISOString().replace(/:00\.000Z$/, ""))
  }
  return found
}

describe("cron schedules", () => {
  it.each([
    ["*/15 * * * *", "2026-01-01T00:00:00Z", ["2026-01-01T00:15", "2026-01-01T00:30"]],
    [
      "5/20 * * * *",
      "2026-01-01T00:00:00Z",
      ["2026-01-01T00:05", "2026-01-01T00:25", "2026-01-01T00:45", "2026-01-01T01:05"],
    ],
    ["0 0 29 2 *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00"]],
    ["0 9 * * mon-FRI", "2026-01-02T10:00:00Z", ["2026-01-05T09:00", "2026-01-06T09:00"]],
    // Both day fields restricted: either counts.
    [
      "0 0 13 * 5",
      "2026-01-01T00:00:00Z",
      ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00", "2026-01-16T00:00"],
    ],
    // A step of more than one is a restriction.
    ["0 0 */10 * 0", "2026-01-01T00:00:00Z", ["2026-01-04T00:00", "2026-01-11T00:00", "2026-01-18T00:00"]],
    ["@monthly", "2026-01-15T00:00:00Z", ["2026-02-01T00:00", "2026-03-01T00:00"]],
    ["0 0 1 JAN,jul ?", "2026-01-01T00:00:00Z", ["2026-07-01T00:00", "2027-01-01T00:00"]],
    ["@every 90m", "2026-01-01T00:00:00Z", ["2026-01-01T01:30", "2026-01-01T03:00"]],
  ])("%s", (spec, from, expected) => {
    expect(times(spec, from, expected.length)).toEqual(expected)
  })

  it("has no next time when there is none", () => {
    expect(times("0 0 31 2 *", "2026-01-01T00:00:00Z", 1)).toEqual([])
  })

  it("follows the clocks of a time zone", () => {
    expect(times("0 9 * * *", "2026-03-27T00:00:00Z", 4, "Europe/Berlin")).toEqual([
      "2026-03-27T08:00",
      "2026-03-28T08:00",
      "2026-03-29T07:00",
      "2026-03-30T07:00",
    ])
  })

  it("leaves out a time that does not exist, and counts one twice that comes twice", () => {
    expect(times("30 2 * * *", "2026-03-28T00:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-03-28T01:30",
      "2026-03-30T00:30",
    ])
    expect(times("30 2 * * *", "2026-10-24T12:00:00Z", 3, "Europe/Berlin")).toEqual([
      "2026-10-25T00:30",
      "2026-10-25T01:30",
      "2026-10-26T01:30",
    ])
    expect(times("*/30 * * * *", "2026-10-24T23:59:00Z", 6, "Europe/Berlin")).toEqual([
      "2026-10-25T00:00",
      "2026-10-25T00:30",
      "2026-10-25T01:00",
      "2026-10-25T01:30",
      "2026-10-25T02:00",
      "2026-10-25T02:30",
    ])
  })

  it.each([
    ["", "empty spec string"],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["* * * * 7", "end of range (7) above maximum (6): 7"],
    ["5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ["@never", "unrecognized descriptor: @never"],
  ])("refuses %j", (spec, message) => {
    expect(() => parse(spec)).toThrow(message)
  })
})
