import { invalidValue } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import { type IntOrString, intValue, isPercent } from "../../apimachinery/int-or-string.ts"
import { percentProblems } from "../../apimachinery/names.ts"
import { type Errors, nonNegative, problems } from "./checks.ts"

export function* intOrPercent(value: IntOrString, path: FieldPath): Errors {
  if (typeof value === "string") yield* problems(value, path, percentProblems(value))
  else yield* nonNegative(value, path)
}

export function* atMost100Percent(value: IntOrString, path: FieldPath): Errors {
  if (isPercent(value) && Number.parseInt(value, 10) > 100) {
    yield invalidValue(path, value, "must not be greater than 100%")
  }
}

/** Either the count or the percentage, for telling whether it is nothing. */
export function amountOf(value: IntOrString): number {
  return isPercent(value) ? Number.parseInt(value, 10) : intValue(value)
}
