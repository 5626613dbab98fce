import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { StorageVersionMigration } from "./v1beta1/storage-version-migration.ts"
import {
  validateStorageVersionMigration,
  validateStorageVersionMigrationStatusUpdate,
  validateStorageVersionMigrationUpdate,
} from "./validation/storage-version-migration.ts"

export const storageMigrationRules: RulesByResource = {
  storageversionmigrations: rules<StorageVersionMigration>({
    validate: validateStorageVersionMigration,
    validateUpdate: validateStorageVersionMigrationUpdate,
    validateStatusUpdate: validateStorageVersionMigrationStatusUpdate,
  }),
}
