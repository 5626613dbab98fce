import { quote } from "../../base/quote.ts"
import {
  type FieldError,
  invalidType,
  invalidValue,
  requiredValue,
  tooLong,
  tooMany,
  unsupportedValue,
} from "../field-error.ts"

/** One thing wrong with a value. Of several with the same text users see the first. */
export interface Violation {
  readonly text: string
  /** Its field counts from the value that was validated; "" is that value itself. */
  readonly error: FieldError
}

function violation(text: string, error: FieldError): Violation {
  return { text, error }
}

/** `text` goes after "spec.replicas in body". */
export function wrongValue(path: string, badValue: unknown, text: string): Violation {
  const full = `${path} in body ${text}`
  return violation(full, invalidValue(path, badValue, full))
}

export function wrongType(path: string, expected: string, found: string): Violation {
  const text = `${path} in body must be of type ${expected}: ${quote(found)}`
  return violation(text, invalidType(path, found, text))
}

/** What upstream reports without saying of which field. */
export function wrongWhole(text: string): Violation {
  return violation(text, invalidValue("", "", text))
}

export function missingMember(path: string): Violation {
  return violation(`${path} in body is required`, requiredValue(path))
}

export function notInEnum(path: string, value: unknown, values: readonly unknown[]): Violation {
  const texts = values.map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
  return violation(
    `${path} in body should be one of [${texts.join(" ")}]`,
    unsupportedValue(path, value, texts),
  )
}

export function textTooLong(path: string, max: number): Violation {
  return violation(`${path} in body should be at most ${max} chars long`, tooLong(path, max))
}

export function tooManyOf(
  what: "items" | "properties",
  path: string,
  actual: number,
  max: number,
): Violation {
  return violation(`${path} in body should have at most ${max} ${what}`, tooMany(path, actual, max))
}
