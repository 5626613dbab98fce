/**
 * Times of the API: RFC 3339 in UTC, whole seconds (`time`) or six decimals (`microTime`). Inside the program a time is
 * milliseconds since the epoch, as a Clock gives it.
 */
export interface Instant {
  /** Since the Unix epoch. */
  readonly seconds: number
  /** 0 to 999_999_999. */
  readonly nanos: number
}

/** "2026-01-02T03:04:05Z" */
export function formatTime(ms: number): string {
  // Many things happen in one second.
  const second = Math.floor(ms / 1000)
  if (second !== latest.second) latest = { second, text: `${new Date(ms).toISOString().slice(0, -5)}Z` }
  return latest.text
}

let latest = { second: Number.NaN, text: "" }

/** "2026-01-02T03:04:05.678000Z" */
export function formatMicroTime(ms: number): string {
  return formatInstant(
    { seconds: Math.floor(ms / 1000), nanos: Math.round((((ms % 1000) + 1000) % 1000) * 1e6) },
    6,
  )
}

/** Milliseconds since the epoch, of either form. Throws Error for anything else. */
export function parseTime(text: string): number {
  const { seconds, nanos } = parseInstant(text, "time")
  return seconds * 1000 + nanos / 1e6
}

/** Like `parseTime`; undefined for an absent time. */
export function parseOptionalTime(text: string | null | undefined): number | undefined {
  return text ? parseTime(text) : undefined
}

/** Go's zero time: what an absent time is in the API. */
export const zeroTimeSeconds = -62_135_596_800

export function formatInstant({ seconds, nanos }: Instant, decimals: 0 | 6): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5)
  if (decimals === 0) return `${whole}Z`
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`
}

/**
 * The text as the server stores and answers it, null for Go's zero time. Throws Error in the words of Go's parser, which
 * the API passes on.
 */
export function canonicalTime(text: string, form: "time" | "microTime"): string | null {
  const seconds = canonicalSeconds(text, form)
  if (seconds !== undefined && seconds !== zeroTimeSeconds) return text
  const instant = parseInstant(text, form)
  if (instant.seconds === zeroTimeSeconds && instant.nanos === 0) return null
  return formatInstant(instant, form === "time" ? 0 : 6)
}

/**
 * Whole seconds of a text that has the canonical form, undefined for all others. Nearly all times that are read were
 * written here; they should cost no more than a look at their digits.
 */
function canonicalSeconds(text: string, form: "time" | "microTime"): number | undefined {
  if (text.length !== (form === "time" ? 20 : 27) || !text.endsWith("Z")) return undefined
  for (let index = 0; index < text.length - 1; index++) {
    const code = text.charCodeAt(index)
    const separator = separators[index]
    if (separator === undefined ? code < 48 || code > 57 : code !== separator) return undefined
  }
  const year = digits(text, 0) * 100 + digits(text, 2)
  const [month, day, hour, minute, second] = [
    digits(text, 5),
    digits(text, 8),
    digits(text, 11),
    digits(text, 14),
    digits(text, 17),
  ]
  if (findOutOfRange(year, month, day, hour, minute, second)) return undefined
  return utcSeconds(year, month, day, hour, minute, second)
}

// "2006-01-02T15:04:05.000000Z"
const separators: readonly (number | undefined)[] = Array.from("    -  -  T  :  :  .", (character) =>
  character === " " ? undefined : character.charCodeAt(0),
)

function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}

const layouts = {
  time: "2006-01-02T15:04:05Z07:00",
  microTime: "2006-01-02T15:04:05.000000Z07:00",
} as const

/** One step of a layout: the layout's own text, and the expression for what may stand there. */
type Step = readonly [element: string, pattern: RegExp]

const date: readonly Step[] = [
  ["2006", /\d{4}/y],
  ["-", /-/y],
  ["01", /\d\d/y],
  ["-", /-/y],
  ["02", /\d\d/y],
  ["T", /T/y],
  ["15", /\d\d?/y],
  [":", /:/y],
  ["04", /\d\d/y],
  [":", /:/y],
]
const seconds: Step = ["05", /\d\d(?:[.,]\d+)?/y]
const zone: Step = ["Z07:00", /Z|[+-]\d\d:\d\d/y]
const steps: Readonly<Record<keyof typeof layouts, readonly Step[]>> = {
  time: [...date, seconds, zone],
  microTime: [...date, ["05", /\d\d/y], [".000000", /[.,]\d{6}/y], zone],
}

/** As Go's parser of times quotes: what is not printable ASCII byte by byte. */
function quote(text: string): string {
  const escaped = Array.from(text.replaceAll(/["\\]/g, "\\$&"), (character) =>
    /[ -~]/.test(character) ? character : hexBytes(character),
  )
  return `"${escaped.join("")}"`
}

function hexBytes(character: string): string {
  const bytes = new TextEncoder().encode(character)
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")
}

/** Throws Error in the words of Go's parser. */
export function parseInstant(text: string, form: keyof typeof layouts): Instant {
  const canonical = canonicalSeconds(text, form)
  if (canonical !== undefined) {
    return { seconds: canonical, nanos: form === "time" ? 0 : Number(text.slice(20, 26)) * 1000 }
  }
  const layout = layouts[form]
  const parts: string[] = []
  let position = 0
  for (const [element, pattern] of steps[form]) {
    pattern.lastIndex = position
    const match = pattern.exec(text)
    if (!match) {
      const rest = text.slice(position)
      throw new Error(
        `parsing time ${quote(text)} as "${layout}": cannot parse ${quote(rest)} as ${quote(element)}`,
      )
    }
    parts.push(match[0])
    position = pattern.lastIndex
  }
  if (position < text.length) {
    throw new Error(`parsing time ${quote(text)}: extra text: ${quote(text.slice(position))}`)
  }
  return instantOf(text, parts, form)
}

function instantOf(text: string, parts: readonly string[], form: keyof typeof layouts): Instant {
  const [year, month, day, hour, minute] = [0, 2, 4, 6, 8].map((index) => Number(parts[index]))
  const [second = "", fraction = form === "microTime" ? parts[11]!.slice(1) : ""] = parts[10]!.split(/[.,]/)
  const outOfRange = findOutOfRange(year!, month!, day!, hour!, minute!, Number(second))
  if (outOfRange) throw new Error(`parsing time ${quote(text)}: ${outOfRange} out of range`)
  const utc = utcSeconds(year!, month!, day!, hour!, minute!, Number(second))
  return {
    seconds: utc - zoneSeconds(parts.at(-1)!, text),
    nanos: Number(fraction.slice(0, 9).padEnd(9, "0")),
  }
}

// Date.UTC takes years below 100 for the 20th century's.
function utcSeconds(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const moved = Date.UTC(year + 400, month - 1, day, hour, minute, second)
  return moved / 1000 - secondsIn400Years
}
const secondsIn400Years = 146_097 * 86_400

function findOutOfRange(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): string | undefined {
  if (month < 1 || month > 12) return "month"
  if (hour > 23) return "hour"
  if (minute > 59) return "minute"
  if (second > 59) return "second"
  if (day < 1 || day > daysIn(year, month)) return "day"
  return undefined
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function zoneSeconds(zone: string, text: string): number {
  if (zone === "Z") return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4))
  if (hours > 24) throw new Error(`parsing time ${quote(text)}: time zone offset hour out of range`)
  if (minutes > 60) throw new Error(`parsing time ${quote(text)}: time zone offset minute out of range`)
  return (zone[0] === "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
}
