import { CheckPending } from "../../../apimachinery/cel/library/authorizer.ts"

/**
 * Evaluates, and evaluates again once the answer is there that was missing. `evaluate` must do nothing but evaluate: what
 * it did before it was stopped is done again.
 */
export function settle<T>(evaluate: () => T): T | Promise<T> {
  try {
    return evaluate()
  } catch (error) {
    if (!(error instanceof CheckPending)) throw error
    return error.settled.then(() => settle(evaluate))
  }
}
