import { invalidValue, requiredValue, tooLong, tooMany } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { type Errors, nonNegative } from "../../validation/checks.ts"
import type { JobSpec, SuccessPolicyRule } from "../v1/job.ts"
import { countIndexes } from "./indexes.ts"

const maxRules = 20
const maxIndexesBytes = 64 * 1024

/** When a Job has succeeded before all of its indexes have. */
export function* validateSuccessPolicy({ successPolicy, completions = 0 }: JobSpec, path: FieldPath): Errors {
  const rules = successPolicy?.rules ?? []
  const at = path.child("rules")
  if (rules.length === 0) {
    yield requiredValue(at, "at least one rules must be specified when the successPolicy is specified")
  }
  if (rules.length > maxRules) yield tooMany(at, rules.length, maxRules)
  for (const [index, rule] of rules.entries()) yield* validateRule(rule, completions, at.index(index))
}

function* validateRule(rule: SuccessPolicyRule, completions: number, path: FieldPath): Errors {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  if (count === undefined && indexes === undefined) {
    yield requiredValue(path, "at least one of succeededCount or succeededIndexes must be specified")
  }
  let total = 0
  if (indexes !== undefined) {
    const at = path.child("succeededIndexes")
    if (utf8Length(indexes) > maxIndexesBytes) yield tooLong(at, maxIndexesBytes)
    try {
      total = countIndexes(indexes, completions)
    } catch (error) {
      yield invalidValue(at, indexes, `error parsing succeededIndexes: ${(error as Error).message}`)
    }
  }
  if (count === undefined) return
  const at = path.child("succeededCount")
  yield* nonNegative(count, at)
  if (count > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`
    yield invalidValue(at, count, detail)
  }
  if (indexes !== undefined && count > total) {
    const detail = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`
    yield invalidValue(at, count, detail)
  }
}
