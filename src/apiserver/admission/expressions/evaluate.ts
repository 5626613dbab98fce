import type { CompiledExpression } from "../../../api/admissionregistration/cel/compile-expression.ts"
import {
  CelError,
  type CelMap,
  type CelResult,
  type CelValue,
} from "../../../apimachinery/cel/values/value.ts"
import type { ObjectType } from "../../../apimachinery/cel/types/cel-type.ts"
import type { Bindings } from "./request-bindings.ts"

/** Upstream's limits, in units of cost (k8s.io/apiserver/pkg/apis/cel). */
export const policyBudget = 10_000_000
export const matchConditionsBudget = 2_500_000

/** Thrown when the budget is spent: nothing more is evaluated. */
export class OutOfBudget extends Error {
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run")
  }
}

export type Outcome = { readonly value: CelValue } | { readonly error: string }

/** What several expressions may cost together. */
export class Budget {
  #remaining: number

  constructor(cost: number) {
    this.#remaining = cost
  }

  /** Throws OutOfBudget. */
  spend(cost: number): void {
    this.#remaining -= cost
    if (this.#remaining < 0) throw new OutOfBudget()
  }
}

/** Throws OutOfBudget, or CheckPending (see settle.ts). */
export function evaluateExpression(
  expression: string,
  compiled: CompiledExpression,
  bindings: Bindings,
  budget: Budget,
): Outcome {
  if (!compiled.ok) return { error: `compilation error: ${compiled.detail}` }
  const result = compiled.program.evaluate(bindings)
  budget.spend(result.cost)
  if (result.ok) return { value: result.value }
  return { error: `expression '${expression}' resulted in error: ${result.message}` }
}

/** The value of `variables`: each is evaluated when it is first read, at the cost of who reads it. */
export class LazyVariables implements CelMap {
  readonly kind = "map"
  readonly type: ObjectType
  readonly #compiled: ReadonlyMap<string, CompiledExpression>
  readonly #budget: Budget
  readonly #known = new Map<string, CelResult>()
  #bindings: Bindings = {}

  constructor(type: ObjectType, compiled: ReadonlyMap<string, CompiledExpression>, budget: Budget) {
    this.type = type
    this.#compiled = compiled
    this.#budget = budget
  }

  /** The bindings with itself among them, for variables that refer to others. */
  bind(bindings: Bindings): Bindings {
    this.#bindings = { ...bindings, variables: this }
    return this.#bindings
  }

  get size(): number {
    return this.#compiled.size
  }

  find(name: CelValue): CelResult | undefined {
    if (typeof name !== "string") return undefined
    const compiled = this.#compiled.get(name)
    if (!compiled) return undefined
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const value = this.#evaluate(name, compiled)
    this.#known.set(name, value)
    return value
  }

  #evaluate(name: string, compiled: CompiledExpression): CelResult {
    if (!compiled.ok)
      return new CelError(`composited variable "${name}" fails to compile: ${compiled.detail}`)
    const result = compiled.program.evaluate(this.#bindings)
    this.#budget.spend(result.cost)
    return result.ok
      ? result.value
      : new CelError(`composited variable "${name}" fails to evaluate: ${result.message}`)
  }

  entryKeys(): Iterable<CelValue> {
    return this.#compiled.keys()
  }
}
