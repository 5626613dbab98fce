import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { PriorityClass } from "./v1/priority-class.ts"
import { validatePriorityClass, validatePriorityClassUpdate } from "./validation/priority-class.ts"

export const schedulingRules: RulesByResource = {
  priorityclasses: rules<PriorityClass>({
    validate: validatePriorityClass,
    validateUpdate: validatePriorityClassUpdate,
  }),
}
