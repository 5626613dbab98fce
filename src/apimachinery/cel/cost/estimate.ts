import type { CheckedExpression } from "../check/check.ts"
import type { CostEstimate } from "./size.ts"

export type { CostEstimate } from "./size.ts"

export function estimateCost(_checked: CheckedExpression): CostEstimate {
  return { min: 0, max: 0 }
}
