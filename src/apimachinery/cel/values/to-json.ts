import { encodeBase64 } from "../../../base/base64.ts"
import { JsonList, JsonMap, JsonObject } from "./adapt.ts"
import { elementsOf, ValueObject } from "./collections.ts"
import { formatCelDuration } from "./format-duration.ts"
import { formatTimestamp } from "./timestamp.ts"
import {
  CelDuration,
  type CelMap,
  CelOptional,
  type CelResult,
  CelTimestamp,
  isError,
  isList,
  isMap,
  UInt,
} from "./value.ts"

/** A value as JSON. Throws Error for what has no form there: optionals, types, most values of the libraries. */
export function toJson(value: CelResult): unknown {
  switch (typeof value) {
    case "bigint":
      return numberOf(value)
    case "object":
      return value === null ? null : objectToJson(value)
    default:
      return value
  }
}

function numberOf(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function objectToJson(value: Exclude<CelResult, null | boolean | bigint | number | string>): unknown {
  if (value instanceof JsonList || value instanceof JsonMap || value instanceof JsonObject) return value.json
  if (value instanceof Uint8Array) return encodeBase64(value)
  if (isError(value)) throw new Error(value.message)
  if (isList(value)) return Array.from(elementsOf(value), toJson)
  if (isMap(value)) return mapToJson(value)
  if (value instanceof UInt) return numberOf(value.value)
  if (value instanceof CelDuration) return formatCelDuration(value)
  if (value instanceof CelTimestamp) return formatTimestamp(value)
  if (value instanceof CelOptional) throw new Error("unsupported conversion of an optional to JSON")
  if (value.kind === "opaque" && value.toJson) return value.toJson()
  throw new Error(`unsupported conversion of ${value.kind} to JSON`)
}

function mapToJson(map: CelMap): Record<string, unknown> {
  const members = Array.from(map.entryKeys(), (key) => {
    if (typeof key !== "string") throw new Error("map keys must be strings")
    return [
      map instanceof ValueObject ? (map.jsonName(key) ?? key) : key,
      toJson(map.find(key) ?? null),
    ] as const
  })
  return Object.fromEntries(members)
}
