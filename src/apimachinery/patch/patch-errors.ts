import { quote } from "../../base/quote.ts"
import { encodeJson } from "../codec/json.ts"
import { isRecord } from "../schema-plan.ts"
import { StatusError } from "../status-error.ts"
import { badRequest } from "../status-errors.ts"

/** A patch that breaks the format's rules: 400. */
export function badFormat(message: string): StatusError {
  return badRequest(message)
}

/** A patch that cannot be merged. Upstream passes these on as they are, and what it does not know becomes a 500. */
export function unusable(message: string): StatusError {
  return new StatusError("Unknown", message, { code: 500 })
}

/** As Go's %v prints it: `map[name:web ports:[map[port:80]]]`. */
export function formatGo(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatGo).join(" ")}]`
  if (isRecord(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${key}:${formatGo(value[key])}`)
    return `map[${members.join(" ")}]`
  }
  return value === null || value === undefined ? "<nil>" : scalarText(value)
}

/** As Go's %#v prints it: `map[string]interface {}{"name":"web"}`. */
export function formatGoSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(formatGoSyntax).join(", ")}}`
  if (isRecord(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${quote(key)}:${formatGoSyntax(value[key])}`)
    return `map[string]interface {}{${members.join(", ")}}`
  }
  if (typeof value === "string") return quote(value)
  return value === null || value === undefined ? "interface {}(nil)" : scalarText(value)
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? value : encodeJson(value)
}

/** As Go's %s prints a value that should be a string. */
export function formatDirective(value: unknown): string {
  return typeof value === "string" ? value : value === null ? "%!s(<nil>)" : formatGo(value)
}

export function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}"
  if (isRecord(value)) return "map[string]interface {}"
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64"
  return value === null ? "%!s(<nil>)" : typeof value === "boolean" ? "bool" : "string"
}
