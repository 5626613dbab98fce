import { quote } from "../base/quote.ts"
import type { FieldPath } from "./field-path.ts"
import { type StatusCause, StatusError } from "./status-error.ts"

/**
 * What is wrong with one field of an object. Validators return lists of them; `invalid()` makes one answer of a list.
 * Texts are upstream's (https://pkg.go.dev/k8s.io/apimachinery/pkg/util/validation/field): kubectl users and their scripts
 * read them.
 */
export interface FieldError {
  readonly type: FieldErrorType
  /** "spec.containers[0].image" */
  readonly field: string
  readonly badValue?: unknown
  readonly detail: string
}

export type FieldErrorType = keyof typeof titles

const titles = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooShort: "Too short",
  FieldValueTooMany: "Too many",
  FieldValueTooFew: "Too few",
  FieldValueTypeInvalid: "Invalid value",
  InternalError: "Internal error",
} as const

type Path = FieldPath | string

/** As `badValue`: the value is not worth showing, or must not be shown. */
export const omittedValue = Symbol("omitted")

/** Missing: absent, "", null or an empty list. */
export function requiredValue(path: Path, detail = ""): FieldError {
  return { type: "FieldValueRequired", field: String(path), detail }
}

/** Malformed or out of bounds. */
export function invalidValue(path: Path, badValue: unknown, detail: string): FieldError {
  return { type: "FieldValueInvalid", field: String(path), badValue, detail }
}

/** Of the wrong JSON type. */
export function invalidType(path: Path, badValue: unknown, detail: string): FieldError {
  return { type: "FieldValueTypeInvalid", field: String(path), badValue, detail }
}

/** Not one of a closed list. */
export function unsupportedValue(path: Path, badValue: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length > 0 ? `supported values: ${supported.map(quote).join(", ")}` : ""
  return { type: "FieldValueNotSupported", field: String(path), badValue, detail }
}

export function duplicateValue(path: Path, badValue: unknown): FieldError {
  return { type: "FieldValueDuplicate", field: String(path), badValue, detail: "" }
}

/** Refers to something that does not exist. */
export function notFoundValue(path: Path, badValue: unknown): FieldError {
  return { type: "FieldValueNotFound", field: String(path), badValue, detail: "" }
}

/** Well formed, and not permitted as things are. */
export function forbiddenValue(path: Path, detail: string): FieldError {
  return { type: "FieldValueForbidden", field: String(path), detail }
}

export function tooLong(path: Path, maxBytes: number): FieldError {
  const detail = `may not be more than ${maxBytes} ${maxBytes === 1 ? "byte" : "bytes"}`
  return { type: "FieldValueTooLong", field: String(path), detail }
}

export function tooLongCharacters(path: Path, maxCharacters: number): FieldError {
  const detail = `may not be more than ${maxCharacters} ${maxCharacters === 1 ? "character" : "characters"}`
  return { type: "FieldValueTooLong", field: String(path), detail }
}

export function tooShort(path: Path, badValue: string, minCharacters: number): FieldError {
  const detail = `must be at least ${minCharacters} ${minCharacters === 1 ? "character" : "characters"}`
  return { type: "FieldValueTooShort", field: String(path), badValue, detail }
}

export function tooMany(path: Path, actual: number, max: number): FieldError {
  const detail = `must have at most ${max} ${max === 1 ? "item" : "items"}`
  return { type: "FieldValueTooMany", field: String(path), badValue: actual, detail }
}

export function tooFew(path: Path, actual: number, min: number): FieldError {
  const detail = `must have at least ${min} ${min === 1 ? "item" : "items"}`
  return { type: "FieldValueTooFew", field: String(path), badValue: actual, detail }
}

export function internalFieldError(path: Path, detail: string): FieldError {
  return { type: "InternalError", field: String(path), detail }
}

/** The error without its field: `Invalid value: "x": must be y`. */
export function formatErrorBody(error: FieldError): string {
  const title = titles[error.type]
  const isShown = showsValue.has(error.type) && error.badValue !== omittedValue
  const value = isShown ? `: ${formatBadValue(error.badValue)}` : ""
  return error.detail ? `${title}${value}: ${error.detail}` : `${title}${value}`
}

const showsValue: ReadonlySet<FieldErrorType> = new Set<FieldErrorType>([
  "FieldValueInvalid",
  "FieldValueTypeInvalid",
  "FieldValueNotSupported",
  "FieldValueNotFound",
  "FieldValueDuplicate",
  "FieldValueTooMany",
  "FieldValueTooFew",
])

const htmlCharacters = /[<>&\u2028\u2029]/g

function formatBadValue(value: unknown): string {
  if (typeof value === "string") return quote(value)
  if (typeof value === "bigint") return String(value)
  // Go's encoder writes <, > and & as escapes.
  return (JSON.stringify(value) ?? "null").replace(
    htmlCharacters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${formatErrorBody(error)}`
}

/** One text for many errors: `[a, b]`, or just `a`. Equal texts are said once. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))]
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`
}

/** The answer to an object that is not valid: 422 with one cause per error. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const causes = errors.map(
    (error): StatusCause => ({
      reason: error.type,
      message: formatErrorBody(error),
      field: error.field,
    }),
  )
  const groupKind = kind.group ? `${kind.kind}.${kind.group}` : kind.kind
  const why = errors.length > 0 ? `: ${formatFieldErrors(errors)}` : ""
  return new StatusError("Invalid", `${groupKind} ${quote(name)} is invalid${why}`, {
    details: {
      ...(name && { name }),
      ...(kind.group && { group: kind.group }),
      ...(kind.kind && { kind: kind.kind }),
      ...(causes.length > 0 && { causes }),
    },
  })
}
