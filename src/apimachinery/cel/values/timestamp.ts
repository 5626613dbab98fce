import { parseInstant } from "../../time.ts"
import { CelError, CelTimestamp } from "./value.ts"

const nanosPerSecond = 1_000_000_000n
export const minTimestampSeconds = -62_135_596_800n
export const maxTimestampSeconds = 253_402_300_799n

export const timestampOverflow = new CelError("timestamp overflow")

/** The timestamp at that many nanoseconds since 1970, if it is within the years 1 to 9999. */
export function timestampAt(nanos: bigint): CelTimestamp | CelError {
  const seconds = floorDivide(nanos, nanosPerSecond)
  if (seconds < minTimestampSeconds || seconds > maxTimestampSeconds) return timestampOverflow
  return new CelTimestamp(nanos)
}

/** RFC 3339, or a date alone. Throws Error in the words of Go's parser. */
export function parseTimestamp(text: string): CelTimestamp {
  const { seconds, nanos } = parseInstant(isDate.test(text) ? `${text}T00:00:00Z` : text, "time")
  return new CelTimestamp(BigInt(seconds) * nanosPerSecond + BigInt(nanos))
}

const isDate = /^\d{4}-\d\d-\d\d$/

/** RFC 3339 in UTC with as many decimals as there are. */
export function formatTimestamp({ nanos }: CelTimestamp): string {
  const seconds = floorDivide(nanos, nanosPerSecond)
  const fraction = String(nanos - seconds * nanosPerSecond)
    .padStart(9, "0")
    .replace(/0+$/, "")
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${text}${fraction && `.${fraction}`}Z`
}

export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}
