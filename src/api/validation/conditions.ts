import { duplicateValue, invalidValue, requiredValue, tooLong } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import { patternProblem } from "../../apimachinery/names.ts"
import { utf8Length } from "../../base/utf8.ts"
import type { Condition } from "../meta/v1/condition.ts"
import { type Errors, oneOfIfSet, qualifiedName } from "./checks.ts"

const maxReasonBytes = 1024
const maxMessageBytes = 32 * 1024
const reasonPattern = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
const reasonForm = new RegExp(`^${reasonPattern}$`)
const reasonMessage =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
const reasonExamples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"]

/** Conditions of the common form, each type once. */
export function* validateConditions(conditions: readonly Condition[], path: FieldPath): Errors {
  const types = new Set<string>()
  for (const [index, condition] of conditions.entries()) {
    const at = path.index(index)
    if (types.has(condition.type)) yield duplicateValue(at.child("type"), condition.type)
    types.add(condition.type)
    yield* validateCondition(condition, at)
  }
}

function* validateCondition(condition: Condition, path: FieldPath): Errors {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason, message } = condition
  yield* qualifiedName(type, path.child("type"))
  yield* oneOfIfSet(status, path.child("status"), ["False", "True", "Unknown"])
  if (observedGeneration < 0) {
    const detail = "must be greater than or equal to zero"
    yield invalidValue(path.child("observedGeneration"), observedGeneration, detail)
  }
  if (!lastTransitionTime) yield requiredValue(path.child("lastTransitionTime"))
  yield* validateReason(reason, path.child("reason"))
  if (utf8Length(message ?? "") > maxMessageBytes) yield tooLong(path.child("message"), maxMessageBytes)
}

function* validateReason(reason: string, path: FieldPath): Errors {
  if (!reason) {
    yield requiredValue(path)
    return
  }
  if (!reasonForm.test(reason)) {
    yield invalidValue(path, reason, patternProblem(reasonMessage, reasonPattern, ...reasonExamples))
  }
  if (utf8Length(reason) > maxReasonBytes) yield tooLong(path, maxReasonBytes)
}
