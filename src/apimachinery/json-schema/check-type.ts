import { isInteger, isNearInteger, isNumeric } from "./check-number.ts"
import { checkedFormat } from "./formats.ts"
import type { JsonSchema } from "./json-schema.ts"

/** The JSON types that the schema admits; none means any. */
export function typesOf(schema: JsonSchema): readonly string[] {
  if (schema["x-kubernetes-int-or-string"]) return intOrString
  return single[schema.type ?? ""] ?? none
}

const none: readonly string[] = []
const intOrString: readonly string[] = ["integer", "string"]
const single: Readonly<Record<string, readonly string[]>> = {
  string: ["string"],
  integer: ["integer"],
  number: ["number"],
  boolean: ["boolean"],
  object: ["object"],
  array: ["array"],
}

export interface TypeMismatch {
  readonly expected: string
  readonly found: string
}

/**
 * Upstream's rules: a whole double is an integer too, and where the format is one of strings, strings and lists pass
 * (there they once were bytes).
 */
export function findTypeMismatch(schema: JsonSchema, value: unknown): TypeMismatch | undefined {
  const types = typesOf(schema)
  const found = jsonTypeOf(value)
  if (types.includes(found) || (isNumeric(value) && admitsNumber(types, value))) return undefined
  const format = checkedFormat(schema)
  if (format !== undefined) {
    const isText = typeof value === "string" || Array.isArray(value)
    if (!isText) return { expected: format, found: goFormatOf(value) }
    if (!types.includes("number") && !types.includes("integer")) return undefined
  }
  return types.length === 0 ? undefined : { expected: types.join(","), found }
}

function admitsNumber(types: readonly string[], value: number | bigint): boolean {
  return (
    types.includes(isInteger(value) ? "number" : "integer") &&
    (isInteger(value) || isNearInteger(Number(value)))
  )
}

function jsonTypeOf(value: unknown): string {
  if (isNumeric(value)) return isInteger(value) ? "integer" : "number"
  return Array.isArray(value) ? "array" : typeof value
}

function goFormatOf(value: unknown): string {
  return isNumeric(value) ? (isInteger(value) ? "int64" : "float64") : ""
}
