import {
  type CompiledExpression,
  type CompiledVariables,
  compileExpression,
  compileVariables,
  type ExpressionScope,
  type ExpressionUse,
} from "../../../api/admissionregistration/cel/compile-expression.ts"
import type { ParamKind, Variable } from "../../../api/admissionregistration/v1/admission-policy.ts"
import type { MatchCondition } from "../../../api/admissionregistration/v1/match-resources.ts"
import { Budget, LazyVariables, matchConditionsBudget } from "../expressions/evaluate.ts"
import { evaluateMatchConditions } from "../expressions/match-conditions.ts"
import type { Bindings } from "../expressions/request-bindings.ts"

export interface CompilablePolicy {
  readonly paramKind?: ParamKind
  readonly variables?: readonly Variable[]
  readonly matchConditions?: readonly MatchCondition[]
}

/** The expressions of a policy; each is compiled when it is first used, since many policies never match. */
export class CompiledPolicy {
  readonly #spec: CompilablePolicy
  readonly #scope: ExpressionScope
  readonly #variables: CompiledVariables
  readonly #compiled = new Map<string, CompiledExpression>()

  constructor(spec: CompilablePolicy) {
    this.#spec = spec
    const hasParams = spec.paramKind !== undefined
    this.#variables = compileVariables(spec.variables ?? [], { hasParams })
    this.#scope = { hasParams, variables: this.#variables.type }
  }

  expression(source: string, use: ExpressionUse): CompiledExpression {
    const key = `${use} ${source}`
    let known = this.#compiled.get(key)
    if (!known) this.#compiled.set(key, (known = compileExpression(source, use, this.#scope)))
    return known
  }

  /** The bindings together with the policy's variables, whose cost is taken from the budget. */
  withVariables(bindings: Bindings, budget: Budget): Bindings {
    return new LazyVariables(this.#variables.type, this.#variables.compiled, budget).bind(bindings)
  }

  /** Throws Error with what went wrong, or CheckPending. */
  matches(bindings: Bindings): boolean {
    const { matchConditions: conditions = [] } = this.#spec
    if (conditions.length === 0) return true
    const budget = new Budget(matchConditionsBudget)
    // As upstream, conditions do not see the namespace.
    const seen = { ...bindings, namespaceObject: null }
    const compiled = conditions.map(({ expression }) => this.expression(expression, "matchCondition"))
    return evaluateMatchConditions(conditions, compiled, this.withVariables(seen, budget), budget)
  }
}

const compiledPolicies = new WeakMap<CompilablePolicy, CompiledPolicy>()

/** Compiled once for each version of a policy. */
export function compiledPolicy(spec: CompilablePolicy): CompiledPolicy {
  let known = compiledPolicies.get(spec)
  if (!known) compiledPolicies.set(spec, (known = new CompiledPolicy(spec)))
  return known
}
