import { quote } from "./quote.ts"
import { zoneOffsetMs } from "./time-zone.ts"

/**
 * Calendar schedules as `crontab` writes them, by the rules of the Go library that Kubernetes uses
 * (https://pkg.go.dev/github.com/robfig/cron/v3): "minute hour day-of-month month day-of-week", or "@hourly", "@every 1h".
 * Of the two day fields both must match if one of them is a star, else either. Where clocks go forward, times that do not
 * exist are left out; where they go back, times that come twice count twice.
 *
 * @example
 * nextTime(parseCronSchedule("30 9 * * 1-5"), Date.UTC(2026, 0, 1), "Europe/Berlin")
 */
export type CronSchedule =
  | { readonly kind: "calendar"; readonly fields: Fields; readonly zone: string | undefined }
  | { readonly kind: "every"; readonly everyMs: number }

interface Fields {
  readonly minute: Field
  readonly hour: Field
  readonly dayOfMonth: Field
  readonly month: Field
  readonly dayOfWeek: Field
}

interface Field {
  readonly values: ReadonlySet<number>
  readonly star: boolean
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const monthNames = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
const bounds: Readonly<Record<keyof Fields, Bounds>> = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: monthNames },
  dayOfWeek: { min: 0, max: 6, names: dayNames },
}

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
}

/**
 * Throws Error in the library's words. `parseDuration` reads Go durations, in milliseconds.
 */
export function parseCronSchedule(spec: string, parseDuration: (text: string) => number): CronSchedule {
  if (spec === "") throw new Error("empty spec string")
  const zoned = /^(?:CRON_TZ|TZ)=([^ ]*) +(.*)$/.exec(spec)
  const text = (zoned?.[2] ?? spec).trim()
  if (text.startsWith("@every ")) return parseEvery(text.slice("@every ".length), parseDuration)
  const expanded = text.startsWith("@") ? descriptors[text] : text
  if (expanded === undefined) throw new Error(`unrecognized descriptor: ${text}`)
  const parts = expanded.split(/\s+/)
  if (parts.length !== 5)
    throw new Error(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`)
  const [minute, hour, dayOfMonth, month, dayOfWeek] = parts as [string, string, string, string, string]
  const fields = {
    minute: parseField(minute, bounds.minute),
    hour: parseField(hour, bounds.hour),
    dayOfMonth: parseField(dayOfMonth, bounds.dayOfMonth),
    month: parseField(month, bounds.month),
    dayOfWeek: parseField(dayOfWeek, bounds.dayOfWeek),
  }
  return { kind: "calendar", fields, zone: zoned?.[1] }
}

function parseEvery(text: string, parseDuration: (text: string) => number): CronSchedule {
  try {
    return { kind: "every", everyMs: Math.max(1000, Math.floor(parseDuration(text) / 1000) * 1000) }
  } catch (error) {
    throw new Error(`failed to parse duration @every ${text}: ${(error as Error).message}`, { cause: error })
  }
}

function parseField(text: string, limits: Bounds): Field {
  const values = new Set<number>()
  let star = false
  for (const part of text.split(",").filter(Boolean)) {
    const range = parseRange(part, limits)
    star ||= range.star
    for (let value = range.start; value <= range.end; value += range.step) values.add(value)
  }
  return { values, star }
}

function parseRange(
  text: string,
  limits: Bounds,
): { start: number; end: number; step: number; star: boolean } {
  const [range = "", stepText, ...moreSlashes] = text.split("/")
  const [low = "", high, ...moreHyphens] = range.split("-")
  const isStar = low === "*" || low === "?"
  if (!isStar && moreHyphens.length > 0) throw new Error(`too many hyphens: ${text}`)
  const start = isStar ? limits.min : parseValue(low, limits)
  let end = isStar ? limits.max : high === undefined ? start : parseValue(high, limits)
  if (moreSlashes.length > 0) throw new Error(`too many slashes: ${text}`)
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  // "5/15" means "5-59/15".
  if (stepText !== undefined && high === undefined) end = limits.max
  if (start < limits.min)
    throw new Error(`beginning of range (${start}) below minimum (${limits.min}): ${text}`)
  if (end > limits.max) throw new Error(`end of range (${end}) above maximum (${limits.max}): ${text}`)
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`)
  return { start, end, step, star: isStar && step === 1 }
}

function parseValue(text: string, { names }: Bounds): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  return named >= 0 && text !== "" ? named : parseNumber(text)
}

function parseNumber(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text))
    throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
  const value = Number(text)
  if (value < 0) throw new Error(`negative number (${value}) not allowed: ${text}`)
  return value
}

/** Clocks are never moved by more than this at once. */
const longestShiftMs = 3 * 3_600_000

/**
 * The first moment of the schedule after `afterMs`, in whole seconds; undefined when there is none within five years.
 *
 * @param zone an IANA time zone; one in the schedule itself counts more
 */
export function nextTime(schedule: CronSchedule, afterMs: number, zone = "UTC"): number | undefined {
  const wholeMs = Math.floor(afterMs / 1000) * 1000
  if (schedule.kind === "every") return wholeMs + schedule.everyMs
  const where = schedule.zone || zone
  // Search on the wall clock, a little earlier than now: when clocks go back, wall times come again.
  const here = wholeMs + zoneOffsetMs(where, wholeMs)
  let best: number | undefined
  let wall = nextWallTime(schedule.fields, here - longestShiftMs - 1, here)
  while (wall !== undefined) {
    for (const instant of instantsOf(wall, where))
      if (instant > afterMs && (best === undefined || instant < best)) best = instant
    // A later wall time may still be an earlier instant, within one shift.
    if (best !== undefined && wall > best + zoneOffsetMs(where, best) + longestShiftMs) break
    if (best !== undefined && isSteady(where, afterMs, best)) break
    wall = nextWallTime(schedule.fields, wall, here)
  }
  return best
}

/** No shift anywhere near: wall times and instants have the same order. */
function isSteady(zone: string, fromMs: number, toMs: number): boolean {
  if (zone === "UTC") return true
  const offset = zoneOffsetMs(zone, fromMs - longestShiftMs)
  return offset === zoneOffsetMs(zone, toMs) && offset === zoneOffsetMs(zone, toMs + longestShiftMs)
}

/** The moments at which clocks of the zone show `wall`: none in a gap, two where they were set back. */
function instantsOf(wall: number, zone: string): number[] {
  const before = wall - zoneOffsetMs(zone, wall - longestShiftMs * 8)
  const after = wall - zoneOffsetMs(zone, wall + longestShiftMs * 8)
  const found = [...new Set([before, after])].filter(
    (instant) => instant + zoneOffsetMs(zone, instant) === wall,
  )
  return found.sort((a, b) => a - b)
}

/** The next wall time after `after` that matches, as milliseconds of a clock in UTC. */
function nextWallTime(fields: Fields, after: number, here: number): number | undefined {
  const date = new Date(Math.floor(after / 60_000) * 60_000 + 60_000)
  const lastYear = new Date(here).getUTCFullYear() + 5
  while (date.getUTCFullYear() <= lastYear) {
    if (!fields.month.values.has(date.getUTCMonth() + 1)) {
      date.setUTCMonth(date.getUTCMonth() + 1, 1)
      date.setUTCHours(0, 0, 0, 0)
    } else if (!dayMatches(fields, date)) {
      date.setUTCDate(date.getUTCDate() + 1)
      date.setUTCHours(0, 0, 0, 0)
    } else if (!fields.hour.values.has(date.getUTCHours())) date.setUTCHours(date.getUTCHours() + 1, 0, 0, 0)
    else if (!fields.minute.values.has(date.getUTCMinutes())) date.setUTCMinutes(date.getUTCMinutes() + 1)
    else return date.getTime()
  }
  return undefined
}

function dayMatches({ dayOfMonth, dayOfWeek }: Fields, date: Date): boolean {
  const byMonth = dayOfMonth.values.has(date.getUTCDate())
  const byWeek = dayOfWeek.values.has(date.getUTCDay())
  return dayOfMonth.star || dayOfWeek.star ? byMonth && byWeek : byMonth || byWeek
}
