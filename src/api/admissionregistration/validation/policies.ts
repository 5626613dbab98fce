import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, oneOf } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { ParamKind, Variable } from "../v1/admission-policy.ts"
import type { MatchCondition, MatchResources } from "../v1/match-resources.ts"
import { type ExpressionCheck, validateMatchConditions } from "./expressions.ts"
import { validateMatchResources, validateParamKind } from "./matching.ts"

/** What validating and mutating policies have in common. */
export interface PolicySpec {
  readonly failurePolicy?: string
  readonly paramKind?: ParamKind
  readonly matchConstraints?: MatchResources
  readonly matchConditions?: readonly MatchCondition[]
  readonly variables?: readonly Variable[]
}

const path = fieldPath("spec")

export function* validateFailurePolicy({ failurePolicy }: PolicySpec): Errors {
  yield* oneOf(failurePolicy, path.child("failurePolicy"), ["Fail", "Ignore"])
}

export function* validateConstraints({ paramKind, matchConstraints }: PolicySpec): Errors {
  if (paramKind) yield* validateParamKind(paramKind, path.child("paramKind"))
  const at = path.child("matchConstraints")
  if (!matchConstraints) {
    yield requiredValue(at)
    return
  }
  yield* validateMatchResources(matchConstraints, at)
  // They say of what type the object is.
  if (!matchConstraints.resourceRules?.length) yield requiredValue(at.child("resourceRules"))
}

/** Conditions that nothing has touched are as good as they were. */
export function* validateConditions(
  spec: PolicySpec,
  old: PolicySpec | undefined,
  check: ExpressionCheck,
): Errors {
  const untouched =
    old &&
    semanticEqual(spec.paramKind, old.paramKind) &&
    semanticEqual(spec.matchConditions, old.matchConditions)
  if (untouched) return
  const [conditions, before] = [spec.matchConditions, old?.matchConditions]
  yield* validateMatchConditions(conditions, before, path.child("matchConditions"), !!spec.paramKind, check)
}

export function* validateVariables(
  { variables = [], paramKind }: PolicySpec,
  check: ExpressionCheck,
): Errors {
  for (const [index, variable] of variables.entries()) {
    const at = path.child("variables").index(index)
    yield* variableName(variable.name, at.child("name"))
    if (!variable.expression.trim()) {
      yield requiredValue(at.child("expression"), "expression is not specified")
      continue
    }
    const place = { use: "variable", hasParams: !!paramKind, variables: variables.slice(0, index) } as const
    yield* check(variable.expression, at.child("expression"), place)
  }
}

const reservedWords =
  /^(?:true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/

function* variableName(name: string, at: FieldPath): Errors {
  if (!name.trim()) yield requiredValue(at, "name is not specified")
  else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || reservedWords.test(name)) {
    yield invalidValue(at, name, "must be a valid CEL identifier")
  }
}
