import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  inline,
  int64,
  list,
  mapOf,
  message,
  optional,
  quantity,
  rawExtension,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { NodeSelector } from "../../core/v1/node-selector.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { DeviceConfiguration, DeviceSelector } from "./device-configuration.ts"

export const DeviceAllocationMode = enumeration("All", "ExactCount")
export type DeviceAllocationMode = Infer<typeof DeviceAllocationMode>

export const DeviceTolerationOperator = enumeration("Equal", "Exists")
export type DeviceTolerationOperator = Infer<typeof DeviceTolerationOperator>

export const DeviceTaintEffect = enumeration("NoExecute", "NoSchedule", "None")
export type DeviceTaintEffect = Infer<typeof DeviceTaintEffect>

export const DeviceToleration = message("io.k8s.api.resource.v1.DeviceToleration", {
  key: field(1, string),
  operator: field(2, DeviceTolerationOperator, { default: "Equal" }),
  value: field(3, string),
  effect: field(4, DeviceTaintEffect),
  tolerationSeconds: optional(5, int64),
})
export interface DeviceToleration extends Infer<typeof DeviceToleration> {}

export const CapacityRequirements = message("io.k8s.api.resource.v1.CapacityRequirements", {
  requests: field(1, mapOf(quantity)),
})
export interface CapacityRequirements extends Infer<typeof CapacityRequirements> {}

export const ExactDeviceRequest = message(
  "io.k8s.api.resource.v1.ExactDeviceRequest",
  {
    deviceClassName: always(1, string, { required: true }),
    selectors: field(2, list(DeviceSelector)),
    allocationMode: field(3, DeviceAllocationMode),
    count: field(4, int64),
    adminAccess: optional(5, bool),
    tolerations: field(6, list(DeviceToleration)),
    capacity: optional(7, CapacityRequirements),
  },
  { applyDefaults: (request) => defaultDeviceRequest(request) },
)
export interface ExactDeviceRequest extends Infer<typeof ExactDeviceRequest> {}

export const DeviceSubRequest = message(
  "io.k8s.api.resource.v1.DeviceSubRequest",
  {
    name: always(1, string, { required: true }),
    deviceClassName: always(2, string, { required: true }),
    selectors: field(3, list(DeviceSelector)),
    allocationMode: field(4, DeviceAllocationMode),
    count: field(5, int64),
    tolerations: field(6, list(DeviceToleration)),
    capacity: optional(7, CapacityRequirements),
  },
  { applyDefaults: (request) => defaultDeviceRequest(request) },
)
export interface DeviceSubRequest extends Infer<typeof DeviceSubRequest> {}

export const DeviceRequest = message("io.k8s.api.resource.v1.DeviceRequest", {
  name: always(1, string, { required: true }),
  exactly: optional(2, ExactDeviceRequest),
  firstAvailable: field(3, list(DeviceSubRequest)),
})
export interface DeviceRequest extends Infer<typeof DeviceRequest> {}

export const DeviceConstraint = message("io.k8s.api.resource.v1.DeviceConstraint", {
  requests: field(1, list(string)),
  matchAttribute: optional(2, string),
  distinctAttribute: optional(3, string),
})
export interface DeviceConstraint extends Infer<typeof DeviceConstraint> {}

export const DeviceClaimConfiguration = message("io.k8s.api.resource.v1.DeviceClaimConfiguration", {
  requests: field(1, list(string)),
  ...inline(2, DeviceConfiguration),
})
export interface DeviceClaimConfiguration extends Infer<typeof DeviceClaimConfiguration> {}

export const DeviceClaim = message("io.k8s.api.resource.v1.DeviceClaim", {
  requests: always(1, list(DeviceRequest)),
  constraints: field(2, list(DeviceConstraint)),
  config: field(3, list(DeviceClaimConfiguration)),
})
export interface DeviceClaim extends Infer<typeof DeviceClaim> {}

export const ResourceClaimSpec = message("io.k8s.api.resource.v1.ResourceClaimSpec", {
  devices: always(1, DeviceClaim),
})
export interface ResourceClaimSpec extends Infer<typeof ResourceClaimSpec> {}

export const DeviceRequestAllocationResult = message("io.k8s.api.resource.v1.DeviceRequestAllocationResult", {
  request: always(1, string, { required: true }),
  driver: always(2, string, { required: true }),
  pool: always(3, string, { required: true }),
  device: always(4, string, { required: true }),
  adminAccess: optional(5, bool),
  tolerations: field(6, list(DeviceToleration)),
  bindingConditions: field(7, list(string)),
  bindingFailureConditions: field(8, list(string)),
  shareID: optional(9, string),
  consumedCapacity: field(10, mapOf(quantity)),
})
export interface DeviceRequestAllocationResult extends Infer<typeof DeviceRequestAllocationResult> {}

export const AllocationConfigSource = enumeration("FromClaim", "FromClass")
export type AllocationConfigSource = Infer<typeof AllocationConfigSource>

export const DeviceAllocationConfiguration = message("io.k8s.api.resource.v1.DeviceAllocationConfiguration", {
  source: always(1, AllocationConfigSource, { required: true }),
  requests: field(2, list(string)),
  ...inline(3, DeviceConfiguration),
})
export interface DeviceAllocationConfiguration extends Infer<typeof DeviceAllocationConfiguration> {}

export const DeviceAllocationResult = message("io.k8s.api.resource.v1.DeviceAllocationResult", {
  results: field(1, list(DeviceRequestAllocationResult)),
  config: field(2, list(DeviceAllocationConfiguration)),
})
export interface DeviceAllocationResult extends Infer<typeof DeviceAllocationResult> {}

export const AllocationResult = message("io.k8s.api.resource.v1.AllocationResult", {
  devices: always(1, DeviceAllocationResult),
  nodeSelector: optional(3, NodeSelector),
  allocationTimestamp: optional(5, time),
})
export interface AllocationResult extends Infer<typeof AllocationResult> {}

export const ResourceClaimConsumerReference = message(
  "io.k8s.api.resource.v1.ResourceClaimConsumerReference",
  {
    apiGroup: field(1, string),
    resource: always(3, string, { required: true }),
    name: always(4, string, { required: true }),
    uid: always(5, string, { required: true }),
  },
)
export interface ResourceClaimConsumerReference extends Infer<typeof ResourceClaimConsumerReference> {}

export const NetworkDeviceData = message("io.k8s.api.resource.v1.NetworkDeviceData", {
  interfaceName: field(1, string),
  ips: field(2, list(string)),
  hardwareAddress: field(3, string),
})
export interface NetworkDeviceData extends Infer<typeof NetworkDeviceData> {}

export const AllocatedDeviceStatus = message("io.k8s.api.resource.v1.AllocatedDeviceStatus", {
  driver: always(1, string, { required: true }),
  pool: always(2, string, { required: true }),
  device: always(3, string, { required: true }),
  shareID: optional(7, string),
  conditions: always(4, list(Condition, { keys: ["type"] })),
  data: optional(5, rawExtension),
  networkData: optional(6, NetworkDeviceData),
})
export interface AllocatedDeviceStatus extends Infer<typeof AllocatedDeviceStatus> {}

export const ResourceClaimStatus = message("io.k8s.api.resource.v1.ResourceClaimStatus", {
  allocation: optional(1, AllocationResult),
  reservedFor: field(2, list(ResourceClaimConsumerReference, { keys: ["uid"] }), {
    patchStrategy: "merge",
    patchMergeKey: "uid",
  }),
  devices: field(4, list(AllocatedDeviceStatus, { keys: ["driver", "device", "pool", "shareID"] })),
})
export interface ResourceClaimStatus extends Infer<typeof ResourceClaimStatus> {}

export const ResourceClaimSchema = message("io.k8s.api.resource.v1.ResourceClaim", {
  ...objectFields,
  spec: always(2, ResourceClaimSpec, { required: true }),
  status: always(3, ResourceClaimStatus),
})
/** A wish for devices, and those that were allocated for it. */
export interface ResourceClaim extends Infer<typeof ResourceClaimSchema> {}

export const ResourceClaim = resource<ResourceClaim>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaim",
  plural: "resourceclaims",
  namespaced: true,
  hasStatus: true,
  columns: [
    nameColumn,
    column("State", "A summary of the current state (allocated, pending, reserved, etc.).", formatState),
    ageColumn,
  ],
  schema: ResourceClaimSchema,
})

export function defaultDeviceRequest(
  request: Pick<DeviceSubRequest, "deviceClassName" | "allocationMode" | "count">,
): void {
  request.allocationMode ||= "ExactCount"
  if (request.allocationMode === "ExactCount") request.count ||= 1
}

function formatState({ metadata, status }: ResourceClaim): string {
  if (!status.allocation) return metadata.deletionTimestamp ? "deleted" : "pending"
  const deleted = metadata.deletionTimestamp ? ["deleted"] : []
  return [...deleted, "allocated", ...(status.reservedFor?.length ? ["reserved"] : [])].join(",")
}
