import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { FlowSchema } from "./v1/flow-schema.ts"
import type { PriorityLevelConfiguration } from "./v1/priority-level-configuration.ts"
import { validateFlowSchema, validateFlowSchemaStatus } from "./validation/flow-schema.ts"
import { validatePriorityLevel, validatePriorityLevelStatus } from "./validation/priority-level.ts"

export const flowControlRules: RulesByResource = {
  flowschemas: rules<FlowSchema>({
    validate: validateFlowSchema,
    validateStatusUpdate: validateFlowSchemaStatus,
  }),
  prioritylevelconfigurations: rules<PriorityLevelConfiguration>({
    validate: validatePriorityLevel,
    validateStatusUpdate: validatePriorityLevelStatus,
  }),
}
