import { quote } from "../base/quote.ts"

/** Durations as Go writes them: "1h30m0s", "1.5s", "100ms", "2µs", "0s". Exact to the nanosecond. */

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5
  μs: 1_000n, // U+03BC
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const maxNanos = 2n ** 63n - 1n
const partPattern = /([0-9]*)(\.[0-9]*)?([^0-9.]*)/y

/** Milliseconds, with fractions. Throws Error in the words of Go's parser. */
export function parseDuration(text: string): number {
  const nanos = parseDurationNanos(text)
  return Number(nanos / 1_000_000n) + Number(nanos % 1_000_000n) / 1e6
}

export function formatDuration(ms: number): string {
  const whole = Math.trunc(ms)
  return formatDurationNanos(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)))
}

/** The text as the server stores and answers it. Throws Error in the words of Go's parser. */
export function canonicalDuration(text: string): string {
  return formatDurationNanos(parseDurationNanos(text))
}

/** Nanoseconds. Throws Error in the words of Go's parser. */
export function parseDurationNanos(text: string): bigint {
  const invalid = () => new Error(`time: invalid duration ${quote(text)}`)
  const unsigned = text.replace(/^[+-]/, "")
  if (unsigned === "0") return 0n
  if (unsigned === "") throw invalid()
  let nanos = 0n
  partPattern.lastIndex = 0
  while (partPattern.lastIndex < unsigned.length) {
    const [, integer = "", fraction = "", unit = ""] = partPattern.exec(unsigned)!
    const digits = fraction.slice(1)
    if (integer === "" && digits === "") throw invalid()
    if (unit === "") throw new Error(`time: missing unit in duration ${quote(text)}`)
    if (!Object.hasOwn(unitNanos, unit)) {
      throw new Error(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`)
    }
    nanos += (BigInt(integer + digits) * unitNanos[unit]!) / 10n ** BigInt(digits.length)
    if (nanos > maxNanos) throw invalid()
  }
  return text.startsWith("-") ? -nanos : nanos
}

export function formatDurationNanos(nanos: bigint): string {
  if (nanos === 0n) return "0s"
  if (nanos < 0n) return `-${formatDurationNanos(-nanos)}`
  if (nanos < 1_000n) return `${nanos}ns`
  if (nanos < 1_000_000n) return `${decimal(nanos, 3)}µs`
  if (nanos < 1_000_000_000n) return `${decimal(nanos, 6)}ms`
  const minutes = nanos / unitNanos.m!
  const seconds = `${decimal(nanos % unitNanos.m!, 9)}s`
  if (minutes === 0n) return seconds
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`
}

// 1500 with 3 places is "1.5".
function decimal(value: bigint, places: number): string {
  const unit = 10n ** BigInt(places)
  const fraction = String(value % unit)
    .padStart(places, "0")
    .replace(/0+$/, "")
  return fraction ? `${value / unit}.${fraction}` : String(value / unit)
}
