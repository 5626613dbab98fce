import { invalidValue } from "../../../apimachinery/field-error.ts"
import { compileExpression, compileVariables, type CompiledVariables } from "../cel/compile-expression.ts"
import type { Variable } from "../v1/admission-policy.ts"
import type { ExpressionCheck } from "./expressions.ts"

/** Compiles the expression as it will be when it is used. */
export const checkExpression: ExpressionCheck = function* (expression, path, { use, hasParams, variables }) {
  const known = variables && variablesOf(variables, hasParams)
  const result = compileExpression(expression, use, { hasParams, ...(known && { variables: known.type }) })
  if (!result.ok) yield invalidValue(path, expression, result.detail)
}

// All expressions of a policy share its variables, and each variable sees those before it.
const cache = new WeakMap<readonly Variable[], Map<boolean, CompiledVariables>>()

function variablesOf(variables: readonly Variable[], hasParams: boolean): CompiledVariables {
  const known = cache.get(variables) ?? new Map<boolean, CompiledVariables>()
  cache.set(variables, known)
  const compiled = known.get(hasParams) ?? compileVariables(variables, { hasParams })
  known.set(hasParams, compiled)
  return compiled
}
