import { parseDurationNanos } from "../../duration.ts"
import { formatCelDuration } from "../values/format-duration.ts"
import { formatDouble } from "../values/format-value.ts"
import {
  formatTimestamp,
  maxTimestampSeconds,
  minTimestampSeconds,
  parseTimestamp,
  timestampAt,
  timestampOverflow,
} from "../values/timestamp.ts"
import {
  CelDuration,
  CelError,
  type CelResult,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  maxInt,
  maxUint,
  minInt,
  typeNameOf,
  UInt,
} from "../values/value.ts"
import { overload } from "./function.ts"

const intOverflow = new CelError("integer overflow")
const uintOverflow = new CelError("unsigned integer overflow")
const same = (value: CelValue): CelResult => value

function failed(from: string, to: string): CelError {
  return new CelError(`type conversion error from '${from}' to '${to}'`)
}

function parsed(text: string, pattern: RegExp, low: bigint, high: bigint): bigint | undefined {
  if (!pattern.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ""))
  return value < low || value > high ? undefined : value
}

function intOf(text: string): CelResult {
  return parsed(text, /^[+-]?[0-9]+$/, minInt, maxInt) ?? failed("string", "int")
}

function uintOf(text: string): CelResult {
  const value = parsed(text, /^[0-9]+$/, 0n, maxUint)
  return value === undefined ? failed("string", "uint") : new UInt(value)
}

// Doubles at the edge are refused, since the limits themselves are not doubles.
function intOfDouble(value: number): CelResult {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) return intOverflow
  return BigInt(Math.trunc(value))
}

function uintOfDouble(value: number): CelResult {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) return uintOverflow
  return new UInt(BigInt(Math.trunc(value)))
}

function doubleOf(text: string): CelResult {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return failed("string", "double")
  const value = Number(text)
  return Number.isFinite(value) ? value : failed("string", "double")
}

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"])
const untruths = new Set(["0", "f", "F", "FALSE", "false", "False"])

function boolOf(text: string): CelResult {
  return truths.has(text) ? true : untruths.has(text) ? false : failed("string", "bool")
}

function stringOfBytes(bytes: Uint8Array): CelResult {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new CelError("invalid UTF-8 in bytes, cannot convert to string")
  }
}

function durationOf(text: string): CelResult {
  try {
    return new CelDuration(parseDurationNanos(text))
  } catch {
    return failed("string", "google.protobuf.Duration")
  }
}

function timestampOf(text: string): CelResult {
  try {
    return /^\d{4}-\d\d-\d\d$/.test(text)
      ? failed("string", "google.protobuf.Timestamp")
      : timestampAt(parseTimestamp(text).nanos)
  } catch {
    return failed("string", "google.protobuf.Timestamp")
  }
}

function timestampOfSeconds(seconds: bigint): CelResult {
  if (seconds < minTimestampSeconds || seconds > maxTimestampSeconds) return timestampOverflow
  return new CelTimestamp(seconds * 1_000_000_000n)
}

/** `int(x)` and its like. */
export const conversions = [
  overload("type", "type(A): type(A)", (value: CelValue) => new CelTypeValue(typeNameOf(value))),
  overload("to_dyn", "dyn(A): dyn", same),
  overload("bool_to_bool", "bool(bool): bool", same),
  overload("string_to_bool", "bool(string): bool", boolOf),
  overload("bytes_to_bytes", "bytes(bytes): bytes", same),
  overload("string_to_bytes", "bytes(string): bytes", (text: string) => new TextEncoder().encode(text)),
  overload("double_to_double", "double(double): double", same),
  overload("int64_to_double", "double(int): double", (value: bigint) => Number(value)),
  overload("string_to_double", "double(string): double", doubleOf),
  overload("uint64_to_double", "double(uint): double", ({ value }: UInt) => Number(value)),
  overload("duration_to_duration", "duration(duration): duration", same),
  overload("int64_to_duration", "duration(int): duration", (nanos: bigint) => new CelDuration(nanos)),
  overload("string_to_duration", "duration(string): duration", durationOf),
  overload("int64_to_int64", "int(int): int", same),
  overload("double_to_int64", "int(double): int", intOfDouble),
  overload("duration_to_int64", "int(duration): int", ({ nanos }: CelDuration) => nanos),
  overload("string_to_int64", "int(string): int", intOf),
  overload("timestamp_to_int64", "int(timestamp): int", ({ nanos }: CelTimestamp) => {
    const seconds = nanos / 1_000_000_000n
    return nanos % 1_000_000_000n < 0n ? seconds - 1n : seconds
  }),
  overload("uint64_to_int64", "int(uint): int", ({ value }: UInt) => (value > maxInt ? intOverflow : value)),
  overload("string_to_string", "string(string): string", same),
  overload("bool_to_string", "string(bool): string", String),
  overload("bytes_to_string", "string(bytes): string", stringOfBytes),
  overload("double_to_string", "string(double): string", formatDouble),
  overload("duration_to_string", "string(duration): string", formatCelDuration),
  overload("int64_to_string", "string(int): string", String),
  overload("timestamp_to_string", "string(timestamp): string", formatTimestamp),
  overload("uint64_to_string", "string(uint): string", ({ value }: UInt) => String(value)),
  overload("timestamp_to_timestamp", "timestamp(timestamp): timestamp", same),
  overload("int64_to_timestamp", "timestamp(int): timestamp", timestampOfSeconds),
  overload("string_to_timestamp", "timestamp(string): timestamp", timestampOf),
  overload("uint64_to_uint64", "uint(uint): uint", same),
  overload("double_to_uint64", "uint(double): uint", uintOfDouble),
  overload("int64_to_uint64", "uint(int): uint", (value: bigint) =>
    value < 0n ? uintOverflow : new UInt(value),
  ),
  overload("string_to_uint64", "uint(string): uint", uintOf),
]
