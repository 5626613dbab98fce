import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { resourcePoolStatusRequestColumns } from "./resource-pool-status-request-columns.ts"

export const ResourcePoolStatusRequestSpec = message(
  "io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequestSpec",
  {
    driver: always(1, string, { required: true }),
    poolName: optional(2, string),
    limit: optional(3, int32, { default: 100 }),
  },
)
export interface ResourcePoolStatusRequestSpec extends Infer<typeof ResourcePoolStatusRequestSpec> {}

export const PoolStatus = message("io.k8s.api.resource.v1alpha3.PoolStatus", {
  driver: field(1, string, { required: true }),
  poolName: field(2, string, { required: true }),
  generation: always(9, int64, { required: true }),
  resourceSliceCount: optional(8, int32),
  totalDevices: optional(4, int32),
  allocatedDevices: optional(5, int32),
  availableDevices: optional(6, int32),
  unavailableDevices: optional(7, int32),
  nodeName: optional(3, string),
  validationError: optional(10, string),
})
export interface PoolStatus extends Infer<typeof PoolStatus> {}

export const ResourcePoolStatusRequestStatus = message(
  "io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequestStatus",
  {
    poolCount: optional(6, int32, { required: true }),
    pools: field(2, list(PoolStatus)),
    conditions: field(3, list(Condition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
  },
)
export interface ResourcePoolStatusRequestStatus extends Infer<typeof ResourcePoolStatusRequestStatus> {}

export const ResourcePoolStatusRequestSchema = message(
  "io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequest",
  {
    ...objectFields,
    metadata: { ...objectFields.metadata, required: true },
    spec: always(2, ResourcePoolStatusRequestSpec, { required: true }),
    status: optional(3, ResourcePoolStatusRequestStatus),
  },
)
/** Asks how much of a driver's pools is in use. */
export interface ResourcePoolStatusRequest extends Infer<typeof ResourcePoolStatusRequestSchema> {}

export const ResourcePoolStatusRequest = resource<ResourcePoolStatusRequest>({
  group: "resource.k8s.io",
  version: "v1alpha3",
  kind: "ResourcePoolStatusRequest",
  plural: "resourcepoolstatusrequests",
  namespaced: false,
  hasStatus: true,
  columns: resourcePoolStatusRequestColumns,
  schema: ResourcePoolStatusRequestSchema,
})
