import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { formatWarnings } from "./format-warnings.ts"
import type { CustomResourceDefinition } from "./v1/custom-resource-definition.ts"
import {
  definitionName,
  validateDefinition,
  validateDefinitionStatus,
  validateDefinitionUpdate,
} from "./validation/custom-resource-definition.ts"

export const apiExtensionsRules: RulesByResource = {
  customresourcedefinitions: rules<CustomResourceDefinition>({
    nameRule: definitionName,
    prepareForCreate: rememberStorageVersion,
    prepareForUpdate: rememberStorageVersion,
    validate: validateDefinition,
    validateUpdate: validateDefinitionUpdate,
    validateStatusUpdate: validateDefinitionStatus,
    warnings: formatWarnings,
  }),
}

/** Objects may be stored in it from now on, so it must be declared until they have been migrated. */
function rememberStorageVersion(definition: CustomResourceDefinition): void {
  const storage = definition.spec.versions?.find((version) => version.storage)
  const stored = definition.status?.storedVersions ?? []
  if (!storage || stored.includes(storage.name)) return
  definition.status = { ...definition.status, storedVersions: [...stored, storage.name] }
}
