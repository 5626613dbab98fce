import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { StorageVersion } from "./v1alpha1/storage-version.ts"
import { storageVersionName, validateStorageVersionStatus } from "./validation/storage-version.ts"

export const internalRules: RulesByResource = {
  storageversions: rules<StorageVersion>({
    nameRule: storageVersionName,
    validate: validateStorageVersionStatus,
    // There is nothing in it but its status.
    validateUpdate: () => [],
    validateStatusUpdate: validateStorageVersionStatus,
  }),
}
