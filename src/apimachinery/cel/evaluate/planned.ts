import type { CheckedExpression } from "../check/check.ts"
import type { Expression } from "../parse/expression.ts"
import { type CelValue, isError } from "../values/value.ts"
import type { Step } from "./frame.ts"
import type { Slots } from "./slots.ts"

/** A step, and its value where it is the same at every evaluation. */
export interface Planned {
  readonly step: Step
  readonly constant?: CelValue
  /**
   * Set where it reads a variable or a part of something: further parts cost one unit each. What it cost to get at the
   * root is not charged where it is one branch of a conditional, or a key.
   */
  readonly rootCost?: 0 | 1
}

export interface PlanContext {
  readonly checked: CheckedExpression
  readonly slots: Slots
  /** Plans an expression inside. */
  readonly plan: (node: Expression) => Planned
}

export function constant(value: CelValue): Planned {
  return { step: () => value, constant: value }
}

/** Evaluates at once what depends on nothing. Throws Error when it fails. */
export function fold(step: Step): Planned {
  const value = step({ slots: [], bindings: {}, cost: 0, costLimit: Number.POSITIVE_INFINITY })
  if (isError(value)) throw new Error(value.message)
  return constant(value)
}
