import { pathSegmentName } from "../../apimachinery/names.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { APIService } from "./v1/api-service.ts"
import { validateApiService, validateApiServiceStatus } from "./validation/api-service.ts"

export const apiRegistrationRules: RulesByResource = {
  apiservices: rules<APIService>({
    nameRule: pathSegmentName,
    validate: validateApiService,
    validateStatusUpdate: validateApiServiceStatus,
  }),
}
