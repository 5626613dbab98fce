import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, formatWithMore, nameColumn, orUnset, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const StorageVersionSpec = message("io.k8s.api.apiserverinternal.v1alpha1.StorageVersionSpec", {})
export interface StorageVersionSpec extends Infer<typeof StorageVersionSpec> {}

export const ServerStorageVersion = message("io.k8s.api.apiserverinternal.v1alpha1.ServerStorageVersion", {
  apiServerID: field(1, string, { required: true }),
  encodingVersion: field(2, string, { required: true }),
  decodableVersions: field(3, list(string, { type: "set" }), { required: true }),
  servedVersions: field(4, list(string, { type: "set" })),
})
export interface ServerStorageVersion extends Infer<typeof ServerStorageVersion> {}

export const StorageVersionCondition = message(
  "io.k8s.api.apiserverinternal.v1alpha1.StorageVersionCondition",
  {
    type: always(1, string, { required: true }),
    status: always(2, string, { required: true }),
    observedGeneration: field(3, int64),
    lastTransitionTime: always(4, time),
    reason: always(5, string, { required: true }),
    message: field(6, string, { required: true }),
  },
)
export interface StorageVersionCondition extends Infer<typeof StorageVersionCondition> {}

export const StorageVersionStatus = message("io.k8s.api.apiserverinternal.v1alpha1.StorageVersionStatus", {
  storageVersions: field(1, list(ServerStorageVersion, { keys: ["apiServerID"] })),
  commonEncodingVersion: optional(2, string),
  conditions: field(3, list(StorageVersionCondition, { keys: ["type"] })),
})
export interface StorageVersionStatus extends Infer<typeof StorageVersionStatus> {}

export const StorageVersionSchema = message("io.k8s.api.apiserverinternal.v1alpha1.StorageVersion", {
  ...objectFields,
  metadata: { ...objectFields.metadata, required: true },
  spec: always(2, StorageVersionSpec),
  status: always(3, StorageVersionStatus),
})
/** In which versions each API server can read and write a resource. */
export interface StorageVersion extends Infer<typeof StorageVersionSchema> {}

export const StorageVersion = resource<StorageVersion>({
  group: "internal.apiserver.k8s.io",
  version: "v1alpha1",
  kind: "StorageVersion",
  plural: "storageversions",
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    column(
      "CommonEncodingVersion",
      textOf("apiserverinternal.v1alpha1.StorageVersionStatus", "commonEncodingVersion"),
      ({ status }) => status.commonEncodingVersion ?? "<unset>",
    ),
    column(
      "StorageVersions",
      textOf("apiserverinternal.v1alpha1.StorageVersionStatus", "storageVersions"),
      ({ status }) =>
        orUnset(
          formatWithMore(
            (status.storageVersions ?? []).map(
              ({ apiServerID = "", encodingVersion = "" }) => `${apiServerID}=${encodingVersion}`,
            ),
          ),
        ),
    ),
    ageColumn,
  ],
  schema: StorageVersionSchema,
})
