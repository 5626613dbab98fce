import { duplicateValue, invalidValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, qualifiedName } from "../../validation/checks.ts"
import { eachOf } from "./lists.ts"

const maxConditions = 4

interface BindingConditions {
  readonly bindingConditions?: readonly string[]
  readonly bindingFailureConditions?: readonly string[]
}

/** What must have come true, or must not, before a pod is bound: both or neither. */
export function* bindingConditions(of: BindingConditions, path: FieldPath): Errors {
  const { bindingConditions: good = [], bindingFailureConditions: bad = [] } = of
  const [goodPath, badPath] = [path.child("bindingConditions"), path.child("bindingFailureConditions")]
  yield* eachOf(good, goodPath, maxConditions, qualifiedName)
  yield* eachOf(bad, badPath, maxConditions, qualifiedName)
  for (const [index, condition] of good.entries()) {
    if (good.indexOf(condition) < index) yield duplicateValue(goodPath.index(index), condition)
  }
  for (const [index, condition] of bad.entries()) {
    if (bad.indexOf(condition) < index) yield duplicateValue(badPath.index(index), condition)
    if (!good.includes(condition)) continue
    const detail = "bindingFailureConditions must not overlap with bindingConditions"
    yield invalidValue(badPath.index(index), condition, detail)
  }
  if (good.length === 0 && bad.length > 0) {
    yield invalidValue(
      goodPath,
      of.bindingConditions ?? null,
      "bindingConditions are required to use bindingFailureConditions",
    )
  }
  if (bad.length === 0 && good.length > 0) {
    const detail = "bindingFailureConditions are required to use bindingConditions"
    yield invalidValue(badPath, of.bindingFailureConditions ?? null, detail)
  }
}
