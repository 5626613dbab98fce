import { type CheckedExpression, checkCel } from "./check/check.ts"
import type { CelEnvironment } from "./check/environment.ts"
import { checkLiterals } from "./check/check-literals.ts"
import { CostLimitExceeded } from "./evaluate/frame.ts"
import { type Plan, planCel } from "./evaluate/plan.ts"
import { CelErrors } from "./parse/cel-errors.ts"
import type { Expression } from "./parse/expression.ts"
import { parseCel } from "./parse/parse.ts"
import { childrenOf } from "./parse/walk.ts"
import { type CostEstimate, estimateCost } from "./cost/estimate.ts"
import type { CelType } from "./types/cel-type.ts"
import { type CelValue, isError } from "./values/value.ts"
import { messageOf } from "../../base/message-of.ts"

export type { CelEnvironment } from "./check/environment.ts"
export type { CostEstimate } from "./cost/estimate.ts"

/** An expression that was checked and may be evaluated any number of times. Callers keep it. */
export interface CelProgram {
  readonly source: string
  readonly resultType: CelType
  /** The variables of the environment that it looks at. */
  readonly variables: ReadonlySet<string>
  /**
   * `bindings`: JSON, or values made by the libraries, for the variables of the environment; what is not bound is an error
   * when it is read. JSON is not copied and must not change meanwhile.
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, options?: EvaluateOptions): Evaluation
  /** The least and the most that evaluating can cost, by the sizes that the types of the variables promise. */
  estimateCost(): CostEstimate
}

export interface EvaluateOptions {
  /** In upstream's units. @default 1,000,000, the limit of one call in the API server */
  readonly costLimit?: number
}

export type Evaluation =
  | { readonly ok: true; readonly value: CelValue; readonly cost: number }
  | {
      readonly ok: false
      readonly message: string
      readonly cost: number
      readonly kind: "cost" | "error"
    }

export type Compilation =
  | { readonly ok: true; readonly program: CelProgram }
  | { readonly ok: false; readonly message: string }

/** Upstream's limit for one evaluation. */
export const perCallCostLimit = 1_000_000

/** Never throws. `message` has the form that users of the API know: the place in the source with a mark below it. */
export function compileCel(source: string, environment: CelEnvironment): Compilation {
  const errors = new CelErrors(source)
  const expression = parseCel(source, errors, environment)
  if (!expression) return { ok: false, message: errors.toString() }
  const checked = checkCel(expression, environment, errors)
  if (errors.isEmpty) checkLiterals(checked, errors)
  if (!errors.isEmpty) return { ok: false, message: errors.toString() }
  return planProgram(source, checked, environment)
}

function planProgram(source: string, checked: CheckedExpression, environment: CelEnvironment): Compilation {
  try {
    const planned = planCel(checked, environment.variables)
    const resultType = checked.typeOf(checked.expression)
    return {
      ok: true,
      program: {
        source,
        resultType,
        variables: variablesOf(checked),
        evaluate: (bindings, { costLimit = perCallCostLimit } = {}) => evaluate(planned, bindings, costLimit),
        estimateCost: () => estimateCost(checked, environment.variables),
      },
    }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

function variablesOf({ expression, referenceOf }: CheckedExpression): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (node: Expression): void => {
    const reference = referenceOf(node)
    if (reference?.kind === "variable") names.add(reference.name)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(expression)
  return names
}

function evaluate(
  { step, slots }: Plan,
  bindings: Readonly<Record<string, unknown>>,
  costLimit: number,
): Evaluation {
  const frame = { slots: Array.from<undefined>({ length: slots }), bindings, cost: 0, costLimit }
  try {
    const value = step(frame)
    if (isError(value)) return { ok: false, message: value.message, cost: frame.cost, kind: "error" }
    return { ok: true, value, cost: frame.cost }
  } catch (error) {
    if (!(error instanceof CostLimitExceeded)) throw error
    return { ok: false, message: error.message, cost: frame.cost, kind: "cost" }
  }
}
