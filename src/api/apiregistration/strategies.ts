import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { APIService } from "./v1/api-service.ts"
import { apiServiceName, validateApiService, validateApiServiceStatus } from "./validation/api-service.ts"

export const apiRegistrationRules: RulesByResource = {
  apiservices: rules<APIService>({
    nameRule: apiServiceName,
    validate: validateApiService,
    validateStatusUpdate: validateApiServiceStatus,
  }),
}
