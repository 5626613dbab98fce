import { invalidValue } from "../field-error.ts"
import type { JsonSchema } from "./json-schema.ts"
import { type Violation, wrongValue, wrongWhole } from "./violation.ts"

export function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint"
}

/** Whether upstream reads it as int64; "1e20" and "1.5" are doubles. */
export function isInteger(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isSafeInteger(value)
}

/** Doubles that are off by less than a billionth count, as they do upstream. */
export function isNearInteger(value: number): boolean {
  const whole = Math.trunc(value)
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
  return value === whole || Math.abs(value - whole) / (Math.abs(value) + Math.abs(whole)) < 1e-9
}

/** The range of type and format, then multipleOf, minimum and maximum. */
export function* checkNumber(schema: JsonSchema, value: number | bigint, path: string): Iterable<Violation> {
  if (!fitsType(schema, value)) yield misfit("Checked", schema, path)
  for (const [title, check] of checks) {
    const bound = check.bound(schema)
    if (bound === undefined) continue
    const fits = fitsType(schema, bound)
    if (!fits) yield misfit(title, schema, path)
    // As upstream: an integer is compared with the integer part of the bound.
    const isWhole = fits && isInteger(value)
    const limit = isWhole ? Math.trunc(bound) : bound
    const shown = isWhole ? String(limit) : formatDouble(limit)
    const found = check.find(schema, value, limit, shown, path)
    if (found) yield found
  }
}

interface Check {
  bound(schema: JsonSchema): number | undefined
  find(
    schema: JsonSchema,
    value: number | bigint,
    limit: number,
    shown: string,
    path: string,
  ): Violation | undefined
}

const checks: readonly (readonly [string, Check])[] = [
  [
    "MultipleOf",
    {
      bound: (schema) => schema.multipleOf,
      find: (_, value, factor, shown, path) => {
        if (factor <= 0) {
          const text = `factor MultipleOf declared for ${path} must be positive: ${shown}`
          return { text, error: invalidValue(path, factor, text) }
        }
        return isMultiple(value, factor)
          ? undefined
          : wrongValue(path, value, `should be a multiple of ${shown}`)
      },
    },
  ],
  [
    "Minimum boundary",
    {
      bound: (schema) => schema.minimum,
      find: ({ exclusiveMinimum }, value, min, shown, path) => {
        if (exclusiveMinimum ? value > min : value >= min) return undefined
        return wrongValue(
          path,
          value,
          `should be greater than ${exclusiveMinimum ? "" : "or equal to "}${shown}`,
        )
      },
    },
  ],
  [
    "Maximum boundary",
    {
      bound: (schema) => schema.maximum,
      find: ({ exclusiveMaximum }, value, max, shown, path) => {
        if (exclusiveMaximum ? value < max : value <= max) return undefined
        return wrongValue(
          path,
          value,
          `should be less than ${exclusiveMaximum ? "" : "or equal to "}${shown}`,
        )
      },
    },
  ],
]

function isMultiple(value: number | bigint, factor: number): boolean {
  if (typeof value === "bigint") {
    return Number.isInteger(factor) ? value % BigInt(factor) === 0n : isNearInteger(Number(value) / factor)
  }
  return isNearInteger(factor < 1 ? (1 / factor) * value : value / factor)
}

const maxFloat = 3.4028235677973366e38 // half a step above the largest single: what rounds to it still fits

function fitsType({ type, format }: JsonSchema, value: number | bigint): boolean {
  if (type === "integer") {
    const isWhole = typeof value === "bigint" || Number.isInteger(value)
    const bits = format === "int32" ? 31 : 63
    return isWhole && value >= -(2 ** bits) && value < 2 ** bits
  }
  return type !== "number" || format !== "float" || Math.abs(Number(value)) < maxFloat
}

function misfit(what: string, { type, format }: JsonSchema, path: string): Violation {
  const isKnown = type === "integer" ? format === "int32" || format === "int64" : format === "float"
  const how = isKnown ? `with format ${format}` : "(default format)"
  return wrongWhole(`${what} value must be of type ${type} ${how} in ${path}`)
}

/** As Go's %v writes a float64. */
function formatDouble(value: number): string {
  const [digits = "", exponent = "0"] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
}

/** Whether the schema says anything about numbers beyond their being numbers. */
export function hasNumberChecks(schema: JsonSchema): boolean {
  const { type, format, minimum, maximum, multipleOf } = schema
  const hasBounds = minimum !== undefined || maximum !== undefined || multipleOf !== undefined
  return hasBounds || type === "integer" || (type === "number" && format === "float")
}
