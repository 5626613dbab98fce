import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { RuntimeClass } from "./v1/runtime-class.ts"
import {
  runtimeClassWarnings,
  validateRuntimeClass,
  validateRuntimeClassUpdate,
} from "./validation/runtime-class.ts"

export const nodeRules: RulesByResource = {
  runtimeclasses: rules<RuntimeClass>({
    validate: validateRuntimeClass,
    validateUpdate: validateRuntimeClassUpdate,
    warnings: runtimeClassWarnings,
  }),
}
