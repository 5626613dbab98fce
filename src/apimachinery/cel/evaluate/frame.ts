import { CelError, type CelResult } from "../values/value.ts"

/** The state of one evaluation. */
export interface Frame {
  /** Variables of the environment first, then those of folds. */
  readonly slots: (CelResult | undefined)[]
  readonly bindings: Readonly<Record<string, unknown>>
  cost: number
  readonly costLimit: number
}

/** One node of a planned expression. */
export type Step = (frame: Frame) => CelResult

/** Not a value of the language: nothing absorbs it. */
export class CostLimitExceeded extends Error {
  constructor() {
    super("operation cancelled: actual cost limit exceeded")
  }
}

export function charge(frame: Frame, cost: number): void {
  frame.cost += cost
  if (frame.cost > frame.costLimit) throw new CostLimitExceeded()
}

export const noSuchOverload = new CelError("no such overload")
