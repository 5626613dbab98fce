import { pathSegmentName } from "../../apimachinery/names.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { PodDisruptionBudget } from "./v1/pod-disruption-budget.ts"
import {
  validatePodDisruptionBudget,
  validatePodDisruptionBudgetStatusUpdate,
} from "./validation/pod-disruption-budget.ts"

export const policyRules: RulesByResource = {
  poddisruptionbudgets: rules<PodDisruptionBudget>({
    nameRule: pathSegmentName,
    validate: validatePodDisruptionBudget,
    validateStatusUpdate: validatePodDisruptionBudgetStatusUpdate,
  }),
}
