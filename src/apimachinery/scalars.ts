import { decodeBase64, encodeBase64 } from "../base/base64.ts"
import { canonicalDuration } from "./duration.ts"
import { parseQuantity } from "./quantity.ts"
import type { ScalarName } from "./schema.ts"
import type { FieldPlan, Plan } from "./schema-plan.ts"
import { canonicalTime } from "./time.ts"

/** Why a value is no such scalar. Without a message it has the wrong type, and the caller says where. */
export interface ScalarFault {
  readonly message?: string
  /** The same of upstream's converter, where it says more. */
  readonly converting?: string
  /** What Go's decoder could not read as what; it says where. */
  readonly found?: string
  readonly goType?: string
}

const wrongType: ScalarFault = {}

const int32Max = 2 ** 31 - 1
const int32Min = -(2 ** 31)
// The largest double below 2^63: what an int64 beyond 2^53 loses is digits, never its being an int64.
const int64Max = 2 ** 63 - 1024
const int64Min = -(2 ** 63)

/** The canonical form of a scalar of a built-in kind; null for a time that is Go's zero. */
export function decodeScalar(name: ScalarName, value: unknown): unknown {
  switch (name) {
    case "string":
      return typeof value === "string" ? value : wrongType
    case "bool":
      return typeof value === "boolean" ? value : wrongType
    case "int32":
      return decodeInteger(value, int32Min, int32Max)
    case "int64":
      return decodeInteger(value, int64Min, int64Max)
    case "double":
      return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : wrongType
    case "intOrString":
      return decodeIntOrString(value)
    default:
      return decodeText(name, value)
  }
}

function decodeInteger(value: unknown, min: number, max: number): unknown {
  if (typeof value === "number")
    return Number.isInteger(value) && value >= min && value <= max ? value : wrongType
  if (typeof value !== "bigint" || max === int32Max || BigInt.asIntN(64, value) !== value) return wrongType
  return Math.max(min, Math.min(max, Number(value)))
}

function decodeIntOrString(value: unknown): unknown {
  if (typeof value === "string") return value
  if (typeof value === "number" && Number.isInteger(value) && value >= int32Min && value <= int32Max)
    return value
  const found =
    typeof value === "boolean" ? "bool" : typeof value === "number" ? `number ${value}` : kindOf(value)
  return { found, goType: "int32" }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value === "bigint" ? `number ${value}` : typeof value
}

function decodeText(name: ScalarName, value: unknown): unknown {
  if (name === "quantity") return decodeQuantity(value)
  if (typeof value !== "string") {
    if (name === "bytes") return decodeByteList(value)
    return { found: jsonName(value), goType: "string" }
  }
  try {
    switch (name) {
      case "time":
      case "microTime":
        return canonicalTime(value, name)
      case "duration":
        return canonicalDuration(value)
      default:
        return canonicalBytes(value)
    }
  } catch (error) {
    const { message } = error as Error
    return name === "bytes" ? { message, converting: `error decoding from json: ${message}` } : { message }
  }
}

/** Go's decoder takes bytes as numbers, too. */
function decodeByteList(value: unknown): unknown {
  const isByte = (each: unknown) => Number.isInteger(each) && (each as number) >= 0 && (each as number) < 256
  return Array.isArray(value) && value.every(isByte) ? encodeBase64(Uint8Array.from(value)) : wrongType
}

function jsonName(value: unknown): string {
  return typeof value === "boolean" ? "bool" : typeof value === "bigint" ? "number" : kindOf(value)
}

function decodeQuantity(value: unknown): unknown {
  try {
    if (typeof value === "string" || typeof value === "number") return parseQuantity(value).text
    if (typeof value === "bigint") return parseQuantity(String(value)).text
    return { message: parseQuantity("null").text }
  } catch (error) {
    return { message: (error as Error).message }
  }
}

const canonicalBase64 = /^(?:[A-Za-z0-9+/]{4})*$/

function canonicalBytes(text: string): string {
  // Only a padded end can hold stray bits, only stray characters need the decoder's opinion.
  return canonicalBase64.test(text) ? text : encodeBase64(decodeBase64(text))
}

/** What Go writes for a value that was never set, made anew where it could be changed. */
export function zeroOf(plan: Plan): unknown {
  switch (plan.kind) {
    case "scalar":
      return zeros[plan.scalar]
    case "object": {
      const zero: Record<string, unknown> = {}
      for (const field of plan.list) {
        if (field.isAlwaysWritten) zero[field.name] = absentValue(field)
      }
      return zero
    }
    default:
      return null
  }
}

/** What is written for a field that has no value and must be written all the same. */
export function absentValue(field: FieldPlan): unknown {
  return field.presence === "always" ? zeroOf(field.ref.get()) : null
}

const zeros: Readonly<Record<ScalarName, unknown>> = {
  string: "",
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: null,
  time: null,
  microTime: null,
  duration: "0s",
  quantity: "0",
  intOrString: 0,
}
