import { quote } from "../../../base/quote.ts"
import { elementsOf } from "../values/collections.ts"
import { formatDouble, formatFixed } from "../values/format-value.ts"
import { formatTimestamp } from "../values/timestamp.ts"
import {
  CelError,
  CelDuration,
  type CelList,
  type CelMap,
  type CelResult,
  CelTimestamp,
  CelTypeValue,
  isError,
  isList,
  isMap,
  typeNameOf,
  UInt,
} from "../values/value.ts"
import { formatCelDuration } from "../values/format-duration.ts"

/** Thrown inside of this file only. */
class FormatFailure extends Error {}

const defaultPrecision = 6

/** `"%d of %s".format([1, "x"])`; verbs are s, d, f, e, b, x, X, o. */
export function formatText(format: string, args: CelList): CelResult {
  try {
    return fill(format, args)
  } catch (error) {
    if (error instanceof FormatFailure) return new CelError(error.message)
    throw error
  }
}

const clause = /%(?:(%)|(?:\.([0-9]*))?([^]?))/g

function fill(format: string, args: CelList): string {
  let next = 0
  return format.replace(
    clause,
    (_, percent: string | undefined, precision: string | undefined, verb: string) => {
      if (percent) return "%"
      if (next >= args.size) throw new FormatFailure(`index ${next} out of range`)
      if (verb === "") throw new FormatFailure("unexpected end of string")
      const value = args.at(next++)
      if (isError(value)) throw new FormatFailure(value.message)
      return formatValue(value, verb, parsePrecision(precision))
    },
  )
}

function parsePrecision(precision: string | undefined): number {
  if (precision === undefined) return defaultPrecision
  if (precision !== "") return Number(precision)
  const cause = 'strconv.Atoi: parsing "": invalid syntax'
  const where = "could not parse formatting clause: error while parsing precision"
  throw new FormatFailure(`${where}: error while converting precision to integer: ${cause}`)
}

function formatValue(value: CelResult, verb: string, precision: number): string {
  switch (verb) {
    case "s":
      return formatAny(value)
    case "d":
      return formatDecimal(value)
    case "f":
      return formatFloat(value, "fixed-point clause can only be used on doubles", (number) =>
        formatFixed(number, precision),
      )
    case "e":
      return formatFloat(value, "scientific clause can only be used on doubles", (number) =>
        exponential(number, precision),
      )
    case "b":
      if (typeof value === "boolean") return value ? "1" : "0"
      return formatRadix(value, 2, "only integers and bools can be formatted as binary")
    case "o":
      return formatRadix(value, 8, "octal clause can only be used on integers")
    case "x":
      return formatHex(value)
    case "X":
      return formatHex(value).toUpperCase()
    default:
      throw new FormatFailure(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
  }
}

function fail(what: string, value: CelResult): never {
  throw new FormatFailure(`error during formatting: ${what}, was given ${typeNameOf(value)}`)
}

function formatAny(value: CelResult): string {
  const text = scalarText(value)
  if (text !== undefined) return text
  if (isList(value)) return `[${[...elementsOf(value)].map(formatInside).join(", ")}]`
  if (isMap(value)) return formatMap(value)
  const accepted = "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
  return fail(`string clause can only be used on ${accepted}`, value)
}

function scalarText(value: CelResult): string | undefined {
  if (typeof value === "string") return value
  if (typeof value === "bigint" || typeof value === "boolean") return String(value)
  if (typeof value === "number") return formatDouble(value)
  if (value === null) return "null"
  if (value instanceof UInt) return String(value.value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof CelDuration) return formatCelDuration(value)
  if (value instanceof CelTimestamp) return formatTimestamp(value)
  return value instanceof CelTypeValue ? value.name : undefined
}

// Within lists and maps texts are quoted and doubles have all their decimals.
function formatInside(value: CelResult): string {
  if (typeof value === "string") return quote(value)
  if (value instanceof Uint8Array) return `b${quote(new TextDecoder().decode(value))}`
  if (typeof value === "number") {
    return Number.isFinite(value) ? formatFixed(value, defaultPrecision) : quote(formatDouble(value))
  }
  if (value instanceof CelTimestamp) return `timestamp(${quote(formatTimestamp(value))})`
  if (value instanceof CelDuration) return `duration(${quote(formatCelDuration(value))})`
  return value instanceof CelTypeValue ? `type(${value.name})` : formatAny(value)
}

function formatMap(map: CelMap): string {
  const members = [...map.entryKeys()].map((key) => {
    const isKey =
      typeof key === "string" || typeof key === "boolean" || typeof key === "bigint" || key instanceof UInt
    if (!isKey) throw new FormatFailure(`no formatting function for map key of type ${typeNameOf(key)}`)
    return [formatInside(key), formatInside(map.find(key) ?? null)] as const
  })
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, value]) => `${key}:${value}`).join(", ")}}`
}

function formatDecimal(value: CelResult): string {
  if (typeof value === "bigint") return String(value)
  return value instanceof UInt
    ? String(value.value)
    : fail("decimal clause can only be used on integers", value)
}

const specialNumbers: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, "-Infinity": -Infinity }

function formatFloat(value: CelResult, what: string, format: (value: number) => string): string {
  const number =
    typeof value === "string" && Object.hasOwn(specialNumbers, value) ? specialNumbers[value] : value
  if (typeof number !== "number") return fail(what, value)
  if (Number.isNaN(number)) return "NaN"
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "-∞"
  return format(number)
}

// The locale's form, which upstream's string library formats with.
function exponential(value: number, precision: number): string {
  const [mantissa = "", exponent = "0"] = value.toExponential(precision).split("e")
  const power = Number(exponent)
  return `${mantissa}×10${superscript(power)}`
}

function superscript(power: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
  const text = String(Math.abs(power)).padStart(2, "0")
  return `${power < 0 ? "⁻" : ""}${Array.from(text, (digit) => digits[Number(digit)]).join("")}`
}

function formatRadix(value: CelResult, radix: number, what: string): string {
  if (typeof value === "bigint") return value.toString(radix)
  return value instanceof UInt ? value.value.toString(radix) : fail(what, value)
}

function formatHex(value: CelResult): string {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value
  if (bytes instanceof Uint8Array)
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return formatRadix(value, 16, "only integers, byte buffers, and strings can be formatted as hex")
}
