import { invalidValue, requiredValue, tooLong } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import type { Errors } from "../../validation/checks.ts"
import type { DeviceConfiguration, DeviceSelector } from "../v1/device-configuration.ts"
import { eachOf } from "./lists.ts"
import { driverName } from "./names.ts"

// What a class or a claim says to a driver, and how it chooses among devices.

export const maxConfigurations = 32
const maxParametersBytes = 10 * 1024
const maxSelectors = 32
const maxExpressionBytes = 10 * 1024

/** Does an expression about a device compile, and is it cheap enough? */
export type SelectorCheck = (expression: string, path: FieldPath, isStored: boolean) => Errors

/** @param isStored it was there before: what was accepted once stays so */
export function* validateSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  path: FieldPath,
  check: SelectorCheck,
  isStored = false,
): Errors {
  yield* eachOf(selectors, path, maxSelectors, function* ({ cel }, at) {
    const expressionPath = at.child("cel", "expression")
    if (!cel) yield requiredValue(at.child("cel"))
    else if (utf8Length(cel.expression) > maxExpressionBytes)
      yield tooLong(expressionPath, maxExpressionBytes)
    else yield* check(cel.expression, expressionPath, isStored)
  })
}

export function* validateConfiguration(
  { opaque }: DeviceConfiguration,
  path: FieldPath,
  isStored = false,
): Errors {
  const at = path.child("opaque")
  if (!opaque) {
    yield requiredValue(at)
    return
  }
  yield* driverName(opaque.driver, at.child("driver"))
  yield* jsonObject(opaque.parameters, at.child("parameters"), isStored ? Infinity : maxParametersBytes)
}

/** Any JSON object of limited size. */
export function* jsonObject(value: unknown, path: FieldPath, maxBytes: number): Errors {
  if (value === undefined || value === null) yield requiredValue(path)
  else if (utf8Length(JSON.stringify(value)) > maxBytes) yield tooLong(path, maxBytes)
  else if (typeof value !== "object" || Array.isArray(value)) {
    yield invalidValue(path, "<value omitted>", "must be a valid JSON object")
  }
}
