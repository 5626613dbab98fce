import type { KubeObject } from "../../../apimachinery/meta.ts"
import {
  always,
  bool,
  field,
  type Infer,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { NodeSelector } from "../../core/v1/node-selector.ts"
import { otherVersion } from "../../other-version.ts"
import {
  CounterSet,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
  DeviceTaint,
  NodeAllocatableResourceMapping,
  ResourcePool,
  ResourceSlice as V1ResourceSlice,
} from "../v1/resource-slice.ts"
import { resourceSliceConversion } from "./conversion.ts"

const BasicDevice = message("io.k8s.api.resource.v1beta1.BasicDevice", {
  attributes: field(1, mapOf(DeviceAttribute)),
  capacity: field(2, mapOf(DeviceCapacity)),
  consumesCounters: field(3, list(DeviceCounterConsumption)),
  nodeName: optional(4, string),
  nodeSelector: optional(5, NodeSelector),
  allNodes: optional(6, bool),
  taints: field(7, list(DeviceTaint)),
  bindsToNode: optional(8, bool),
  bindingConditions: field(9, list(string)),
  bindingFailureConditions: field(10, list(string)),
  allowMultipleAllocations: optional(11, bool),
  nodeAllocatableResourceMappings: field(12, mapOf(NodeAllocatableResourceMapping)),
})

/** What v1 says of a device, v1beta1 says in its `basic`. */
const Device = message("io.k8s.api.resource.v1beta1.Device", {
  name: always(1, string, { required: true }),
  basic: optional(2, BasicDevice),
})
export interface Device extends Infer<typeof Device> {}

const ResourceSliceSpec = message("io.k8s.api.resource.v1beta1.ResourceSliceSpec", {
  driver: always(1, string, { required: true }),
  pool: always(2, ResourcePool, { required: true }),
  nodeName: field(3, string),
  nodeSelector: optional(4, NodeSelector),
  allNodes: field(5, bool),
  devices: field(6, list(Device)),
  perDeviceNodeSelection: optional(7, bool),
  sharedCounters: field(8, list(CounterSet)),
})

export interface ResourceSlice extends KubeObject {
  spec: Infer<typeof ResourceSliceSpec>
}

export const ResourceSlice = otherVersion<V1ResourceSlice, ResourceSlice>(V1ResourceSlice, "v1beta1", {
  replaced: [ResourceSliceSpec, Device],
  conversion: resourceSliceConversion,
})
