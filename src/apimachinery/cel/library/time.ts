import { isTimeZone, zoneOffsetMs } from "../../../base/time-zone.ts"
import { floorDivide } from "../values/timestamp.ts"
import { type CelDuration, CelError, type CelResult, CelTimestamp } from "../values/value.ts"
import { overload, type Overload } from "./function.ts"

type Part = (date: Date, timestamp: CelTimestamp) => number

/** Parts of a timestamp, in UTC or in a time zone; parts of a duration are the whole of it in that unit. */
const parts: readonly (readonly [name: string, id: string, part: Part])[] = [
  ["getFullYear", "year", (date) => date.getUTCFullYear()],
  ["getMonth", "month", (date) => date.getUTCMonth()],
  ["getDayOfYear", "day_of_year", dayOfYear],
  ["getDayOfMonth", "day_of_month", (date) => date.getUTCDate() - 1],
  ["getDate", "day_of_month_1_based", (date) => date.getUTCDate()],
  ["getDayOfWeek", "day_of_week", (date) => date.getUTCDay()],
  ["getHours", "hours", (date) => date.getUTCHours()],
  ["getMinutes", "minutes", (date) => date.getUTCMinutes()],
  ["getSeconds", "seconds", (date) => date.getUTCSeconds()],
  ["getMilliseconds", "milliseconds", (date) => date.getUTCMilliseconds()],
]

const units: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
}

export const timeFunctions: readonly Overload[] = parts.flatMap(([name, id, part]) => {
  const unit = units[name]
  return [
    overload(`timestamp_to_${id}`, `timestamp.${name}(): int`, (timestamp: CelTimestamp) =>
      read(timestamp, part),
    ),
    overload(
      `timestamp_to_${id}_with_tz`,
      `timestamp.${name}(string): int`,
      (timestamp: CelTimestamp, zone: string) => inZone(timestamp, zone, part),
    ),
    ...(unit
      ? [overload(`duration_to_${id}`, `duration.${name}(): int`, ({ nanos }: CelDuration) => nanos / unit)]
      : []),
  ]
})

function read(timestamp: CelTimestamp, part: Part): CelResult {
  return BigInt(part(new Date(millisecondsOf(timestamp)), timestamp))
}

function inZone(timestamp: CelTimestamp, zone: string, part: Part): CelResult {
  const offsetMs = offsetOf(zone, millisecondsOf(timestamp))
  if (offsetMs === undefined) return new CelError(`unknown time zone ${zone}`)
  return read(new CelTimestamp(timestamp.nanos + BigInt(offsetMs) * 1_000_000n), part)
}

// The name of a zone, or hours and minutes east of UTC.
function offsetOf(zone: string, atMs: number): number | undefined {
  const match = /^([+-]?)(\d+):(\d+)$/.exec(zone)
  if (match) {
    const minutes = Number(match[2]) * 60 + Number(match[3])
    return (match[1] === "-" ? -minutes : minutes) * 60_000
  }
  if (zone === "") return 0
  return /^[+-]/.test(zone) || !isTimeZone(zone) ? undefined : zoneOffsetMs(zone, atMs)
}

function millisecondsOf({ nanos }: CelTimestamp): number {
  return Number(floorDivide(nanos, 1_000_000n))
}

function dayOfYear(date: Date): number {
  const newYear = new Date(0)
  newYear.setUTCFullYear(date.getUTCFullYear(), 0, 1)
  return Math.floor((date.getTime() - newYear.getTime()) / 86_400_000)
}
