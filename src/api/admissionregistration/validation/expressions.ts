import { duplicateValue, requiredValue, tooMany } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, qualifiedName } from "../../validation/checks.ts"
import type { Variable } from "../v1/admission-policy.ts"
import type { MatchCondition } from "../v1/match-resources.ts"

/** Where an expression stands says what it may use and what it must give. */
export interface ExpressionPlace {
  readonly use:
    | "matchCondition"
    | "variable"
    | "validation"
    | "message"
    | "auditAnnotation"
    | "applyConfiguration"
    | "jsonPatch"
  /** `params` is there. */
  readonly hasParams: boolean
  /** Those before it, which it may refer to as `variables.NAME`. */
  readonly variables?: readonly Variable[]
  /** It stood there before: what was accepted once stays so. */
  readonly isStored?: boolean
}

/** Does it compile, and to the right type? Called with expressions that are not blank. */
export type ExpressionCheck = (expression: string, path: FieldPath, place: ExpressionPlace) => Errors

const maxMatchConditions = 64

/** @param before the conditions of the state before, if there was one */
export function* validateMatchConditions(
  conditions: readonly MatchCondition[] = [],
  before: readonly MatchCondition[] | undefined,
  path: FieldPath,
  hasParams: boolean,
  check: ExpressionCheck,
): Errors {
  if (conditions.length > maxMatchConditions) yield tooMany(path, conditions.length, maxMatchConditions)
  const names = new Set<string>()
  for (const [index, { name, expression }] of conditions.entries()) {
    const at = path.index(index)
    const trimmed = expression.trim()
    const isStored = before?.some((each) => each.expression === trimmed) ?? false
    if (!trimmed) yield requiredValue(at.child("expression"))
    else yield* check(trimmed, at.child("expression"), { use: "matchCondition", hasParams, isStored })
    if (!name) {
      yield requiredValue(at.child("name"))
      continue
    }
    yield* qualifiedName(name, at.child("name"))
    if (names.has(name)) yield duplicateValue(at.child("name"), name)
    names.add(name)
  }
}
