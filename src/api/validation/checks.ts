import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
  tooLong,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  domainPrefixedPathProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from "../../apimachinery/names.ts"
import { parseQuantity } from "../../apimachinery/quantity.ts"
import { fieldIsImmutable, validateLabels } from "../../apimachinery/validate-object-meta.ts"
import { semanticEqual } from "./semantic-equal.ts"
import { utf8Length } from "../../base/utf8.ts"
import type { LabelSelector } from "../meta/v1/label-selector.ts"

/**
 * Validators are generators that yield what is wrong, in the order in which users read it. They never throw and never
 * change the object. Whoever wants a list spreads them: `[...validatePodSpec(...)]`.
 */
export type Errors = Iterable<FieldError>

export const notNegative = "must be greater than or equal to 0"
export const notPositive = "must be greater than zero"

/** One error for each of the texts that say what is wrong with a value. */
export function problems(value: unknown, path: FieldPath, texts: readonly string[]): Errors {
  // No generator: every name of every object comes this way, and one generator within another costs.
  return texts.map((text) => invalidValue(path, value, text))
}

/** Something must be there; what it is, others check. */
export function* required(value: unknown, path: FieldPath, detail = ""): Errors {
  if (isEmpty(value)) yield requiredValue(path, detail)
}

/** Absent, "", null, and an empty list or map. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true
  return typeof value === "object" && Object.keys(value).length === 0
}

/** One of a closed set; empty is another mistake than wrong. */
export function* oneOf(value: string | undefined, path: FieldPath, supported: readonly string[]): Errors {
  if (!value) yield requiredValue(path)
  else if (!supported.includes(value)) yield unsupportedValue(path, value, supported)
}

/** One of a closed set, "" if that is in the set; absent is fine. */
export function* oneOfIfSet(
  value: string | undefined,
  path: FieldPath,
  supported: readonly string[],
): Errors {
  if (value !== undefined && !supported.includes(value)) yield unsupportedValue(path, value, supported)
}

export function* nonNegative(value: number | undefined, path: FieldPath): Errors {
  if (value !== undefined && value < 0) yield invalidValue(path, value, notNegative)
}

export function* positive(value: number | undefined, path: FieldPath): Errors {
  if (value !== undefined && value <= 0) yield invalidValue(path, value, notPositive)
}

export function* within(value: number, path: FieldPath, low: number, high: number): Errors {
  if (value < low || value > high)
    yield invalidValue(path, value, `must be between ${low} and ${high}, inclusive`)
}

export function* nonNegativeQuantity(value: string | number, path: FieldPath): Errors {
  const quantity = parseQuantity(value)
  if (quantity.nanos < 0n) yield invalidValue(path, quantity.text, notNegative)
}

export function* positiveQuantity(value: string | number, path: FieldPath): Errors {
  const quantity = parseQuantity(value)
  if (quantity.nanos <= 0n) yield invalidValue(path, quantity.text, notPositive)
}

export function dnsLabel(value: string, path: FieldPath): Errors {
  return problems(value, path, dnsLabelProblems(value))
}

export function dnsSubdomain(value: string, path: FieldPath): Errors {
  return problems(value, path, dnsSubdomainProblems(value))
}

export function qualifiedName(value: string, path: FieldPath): Errors {
  return problems(value, path, qualifiedNameProblems(value))
}

/** What was set once stays. */
export function* immutable(value: unknown, old: unknown, path: FieldPath): Errors {
  if (!semanticEqual(value, old)) yield invalidValue(path, value ?? null, fieldIsImmutable)
}

export function* labelSelector(
  selector: LabelSelector | undefined,
  path: FieldPath,
  { allowInvalidValues = false } = {},
): Errors {
  if (!selector) return
  yield* validateLabels(selector.matchLabels, path.child("matchLabels"))
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    const at = path.child("matchExpressions").index(index)
    const { key, operator, values = [] } = expression
    yield* operands(operator, values, at)
    yield* qualifiedName(key, at.child("key"))
    if (allowInvalidValues) continue
    for (const [position, value] of values.entries()) {
      yield* problems(value, at.child("values").index(position), labelValueProblems(value))
    }
  }
}

function* operands(operator: string, values: readonly string[], path: FieldPath): Errors {
  switch (operator) {
    case "In":
    case "NotIn":
      yield* required(values, path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
      return
    case "Exists":
    case "DoesNotExist":
      if (values.length === 0) return
      yield forbiddenValue(
        path.child("values"),
        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      )
      return
    default:
      yield invalidValue(path.child("operator"), operator, "not a valid selector operator")
  }
}

/** "acme.io/foo" */
export function* domainPrefixedPath(value: string, path: FieldPath): Errors {
  if (!value) yield requiredValue(path)
  else
    for (const { part, problem } of domainPrefixedPathProblems(value)) yield invalidValue(path, part, problem)
}

/** A name that CSI drivers give themselves. */
export function* csiDriverName(name: string, path: FieldPath): Errors {
  if (!name) {
    yield requiredValue(path)
    return
  }
  if (utf8Length(name) > 63) yield tooLong(path, 63)
  yield* problems(name, path, dnsSubdomainProblems(name.toLowerCase()))
}
