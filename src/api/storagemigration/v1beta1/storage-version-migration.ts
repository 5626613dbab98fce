import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"
import { column, nameColumn } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { GroupResource } from "../../meta/v1/group-resource.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const StorageVersionMigrationSpec = message(
  "io.k8s.api.storagemigration.v1beta1.StorageVersionMigrationSpec",
  {
    resource: always(1, GroupResource, { required: true }),
  },
)
export interface StorageVersionMigrationSpec extends Infer<typeof StorageVersionMigrationSpec> {}

export const StorageVersionMigrationStatus = message(
  "io.k8s.api.storagemigration.v1beta1.StorageVersionMigrationStatus",
  {
    conditions: field(1, list(Condition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
    resourceVersion: field(2, string),
  },
)
export interface StorageVersionMigrationStatus extends Infer<typeof StorageVersionMigrationStatus> {}

export const StorageVersionMigrationSchema = message(
  "io.k8s.api.storagemigration.v1beta1.StorageVersionMigration",
  {
    ...objectFields,
    spec: always(2, StorageVersionMigrationSpec),
    status: always(3, StorageVersionMigrationStatus),
  },
)
/** Has every object of a resource written again, in the current storage version. */
export interface StorageVersionMigration extends Infer<typeof StorageVersionMigrationSchema> {}

export const StorageVersionMigration = resource<StorageVersionMigration>({
  group: "storagemigration.k8s.io",
  version: "v1beta1",
  kind: "StorageVersionMigration",
  plural: "storageversionmigrations",
  namespaced: false,
  hasStatus: true,
  columns: [
    { ...nameColumn, format: "" },
    column("Resource", "GroupResource to migrate", ({ spec: { resource: of } }) =>
      of.group ? `${of.resource}.${of.group}` : of.resource,
    ),
    column("Status", "Status of the migration", formatStatus),
  ],
  schema: StorageVersionMigrationSchema,
})

const states = ["Running", "Failed", "Succeeded"]

function formatStatus({ status }: StorageVersionMigration): string {
  const conditions = (status.conditions ?? []).filter((condition) => condition.status === "True")
  return conditions.findLast((condition) => states.includes(condition.type))?.type ?? "Unknown"
}
