import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  field,
  type Infer,
  int64,
  list,
  mapOf,
  message,
  optional,
  quantity,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { NodeSelector } from "../../core/v1/node-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { DeviceTaintEffect } from "./resource-claim.ts"

export const ResourcePool = message("io.k8s.api.resource.v1.ResourcePool", {
  name: always(1, string, { required: true }),
  generation: always(2, int64, { required: true }),
  resourceSliceCount: always(3, int64, { required: true }),
})
export interface ResourcePool extends Infer<typeof ResourcePool> {}

export const DeviceAttribute = message("io.k8s.api.resource.v1.DeviceAttribute", {
  int: optional(2, int64),
  bool: optional(3, bool),
  string: optional(4, string),
  version: optional(5, string),
  ints: field(6, list(int64)),
  bools: field(7, list(bool)),
  strings: field(8, list(string)),
  versions: field(9, list(string)),
})
export interface DeviceAttribute extends Infer<typeof DeviceAttribute> {}

export const CapacityRequestPolicyRange = message("io.k8s.api.resource.v1.CapacityRequestPolicyRange", {
  min: optional(1, quantity, { required: true }),
  max: optional(2, quantity),
  step: optional(3, quantity),
})
export interface CapacityRequestPolicyRange extends Infer<typeof CapacityRequestPolicyRange> {}

export const CapacityRequestPolicy = message("io.k8s.api.resource.v1.CapacityRequestPolicy", {
  default: optional(1, quantity),
  validValues: field(3, list(quantity)),
  validRange: optional(4, CapacityRequestPolicyRange),
})
export interface CapacityRequestPolicy extends Infer<typeof CapacityRequestPolicy> {}

export const DeviceCapacity = message("io.k8s.api.resource.v1.DeviceCapacity", {
  value: always(1, quantity, { required: true }),
  requestPolicy: optional(2, CapacityRequestPolicy),
})
export interface DeviceCapacity extends Infer<typeof DeviceCapacity> {}

export const Counter = message("io.k8s.api.resource.v1.Counter", {
  value: always(1, quantity, { required: true }),
})
export interface Counter extends Infer<typeof Counter> {}

export const DeviceCounterConsumption = message("io.k8s.api.resource.v1.DeviceCounterConsumption", {
  counterSet: always(1, string, { required: true }),
  counters: field(2, mapOf(Counter), { required: true }),
})
export interface DeviceCounterConsumption extends Infer<typeof DeviceCounterConsumption> {}

export const DeviceTaint = message("io.k8s.api.resource.v1.DeviceTaint", {
  key: always(1, string, { required: true }),
  value: field(2, string),
  effect: always(3, DeviceTaintEffect, { required: true }),
  timeAdded: optional(4, time),
})
export interface DeviceTaint extends Infer<typeof DeviceTaint> {}

export const NodeAllocatableResourceMapping = message(
  "io.k8s.api.resource.v1.NodeAllocatableResourceMapping",
  {
    capacityKey: optional(1, string),
    allocationMultiplier: optional(2, quantity, { default: "1" }),
  },
)
export interface NodeAllocatableResourceMapping extends Infer<typeof NodeAllocatableResourceMapping> {}

export const Device = message("io.k8s.api.resource.v1.Device", {
  name: always(1, string, { required: true }),
  attributes: field(2, mapOf(DeviceAttribute)),
  capacity: field(3, mapOf(DeviceCapacity)),
  consumesCounters: field(4, list(DeviceCounterConsumption)),
  nodeName: optional(5, string),
  nodeSelector: optional(6, NodeSelector),
  allNodes: optional(7, bool),
  taints: field(8, list(DeviceTaint)),
  bindsToNode: optional(9, bool),
  bindingConditions: field(10, list(string)),
  bindingFailureConditions: field(11, list(string)),
  allowMultipleAllocations: optional(12, bool),
  nodeAllocatableResourceMappings: field(13, mapOf(NodeAllocatableResourceMapping)),
})
export interface Device extends Infer<typeof Device> {}

export const CounterSet = message("io.k8s.api.resource.v1.CounterSet", {
  name: always(1, string, { required: true }),
  counters: field(2, mapOf(Counter), { required: true }),
})
export interface CounterSet extends Infer<typeof CounterSet> {}

export const ResourceSliceSpec = message("io.k8s.api.resource.v1.ResourceSliceSpec", {
  driver: always(1, string, { required: true }),
  pool: always(2, ResourcePool, { required: true }),
  nodeName: optional(3, string),
  nodeSelector: optional(4, NodeSelector),
  allNodes: optional(5, bool),
  devices: field(6, list(Device)),
  perDeviceNodeSelection: optional(7, bool),
  sharedCounters: field(8, list(CounterSet)),
})
export interface ResourceSliceSpec extends Infer<typeof ResourceSliceSpec> {}

export const ResourceSliceSchema = message("io.k8s.api.resource.v1.ResourceSlice", {
  ...objectFields,
  spec: always(2, ResourceSliceSpec, { required: true }),
})
/** Devices that a driver offers, on a node or beside them. */
export interface ResourceSlice extends Infer<typeof ResourceSliceSchema> {}

export const ResourceSlice = resource<ResourceSlice>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceSlice",
  plural: "resourceslices",
  namespaced: false,
  columns: [
    nameColumn,
    column("Node", textOf("resource.v1.ResourceSliceSpec", "nodeName"), ({ spec }) => spec.nodeName ?? ""),
    column("Driver", textOf("resource.v1.ResourceSliceSpec", "driver"), ({ spec }) => spec.driver),
    column("Pool", textOf("resource.v1.ResourcePool", "name"), ({ spec }) => spec.pool.name),
    ageColumn,
  ],
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.driver": ({ spec }) => spec.driver,
  },
  schema: ResourceSliceSchema,
})
