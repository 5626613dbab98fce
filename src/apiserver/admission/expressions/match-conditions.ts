import {
  type CompiledExpression,
  compileExpression,
} from "../../../api/admissionregistration/cel/compile-expression.ts"
import type { MatchCondition } from "../../../api/admissionregistration/v1/match-resources.ts"
import type { Authorizer } from "../../authorization/authorizer.ts"
import type { MatchConditionsHold } from "../webhooks/find-invocation.ts"
import { Budget, evaluateExpression, matchConditionsBudget } from "./evaluate.ts"
import { type Bindings, requestBindings } from "./request-bindings.ts"
import { settle } from "./settle.ts"

/**
 * Whether all conditions hold. One that does not decides, whatever else went wrong; otherwise an error is thrown, with
 * what went wrong. May throw CheckPending.
 */
export function evaluateMatchConditions(
  conditions: readonly MatchCondition[],
  compiled: readonly CompiledExpression[],
  bindings: Bindings,
  budget = new Budget(matchConditionsBudget),
): boolean {
  const errors: string[] = []
  const outcomes = conditions.map(({ expression }, index) =>
    evaluateExpression(expression, compiled[index] as CompiledExpression, bindings, budget),
  )
  for (const outcome of outcomes) {
    if ("error" in outcome) errors.push(outcome.error)
    else if (outcome.value === false) return false
  }
  if (errors.length === 0) return true
  throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`)
}

/** For webhooks, whose conditions know neither parameters nor variables. */
export function webhookMatchConditions(authorizer: Authorizer): MatchConditionsHold {
  const cache = new WeakMap<readonly MatchCondition[], readonly CompiledExpression[]>()
  return (conditions, versioned) => {
    let compiled = cache.get(conditions)
    if (!compiled) {
      compiled = conditions.map(({ expression }) =>
        compileExpression(expression, "matchCondition", { hasParams: false }),
      )
      cache.set(conditions, compiled)
    }
    const known = compiled
    const bindings = requestBindings(versioned, authorizer)
    return settle(() => evaluateMatchConditions(conditions, known, bindings))
  }
}
