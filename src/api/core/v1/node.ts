import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ResourceList } from "./resource-requirements.ts"
import { Taint } from "./toleration.ts"
import { roundResourceList } from "./pod-defaults.ts"
import { nodeColumns } from "./node-columns.ts"

export const ConfigMapNodeConfigSource = message("io.k8s.api.core.v1.ConfigMapNodeConfigSource", {
  namespace: always(1, string, { required: true }),
  name: always(2, string, { required: true }),
  uid: field(3, string),
  resourceVersion: field(4, string),
  kubeletConfigKey: always(5, string, { required: true }),
})
export interface ConfigMapNodeConfigSource extends Infer<typeof ConfigMapNodeConfigSource> {}

export const NodeConfigSource = message("io.k8s.api.core.v1.NodeConfigSource", {
  configMap: optional(2, ConfigMapNodeConfigSource),
})
export interface NodeConfigSource extends Infer<typeof NodeConfigSource> {}

export const NodeSpec = message(
  "io.k8s.api.core.v1.NodeSpec",
  {
    podCIDR: field(1, string),
    podCIDRs: field(7, list(string, { type: "set" }), { patchStrategy: "merge" }),
    providerID: field(3, string),
    unschedulable: field(4, bool),
    taints: field(5, list(Taint)),
    configSource: optional(6, NodeConfigSource),
    externalID: field(2, string),
  },
  { applyDefaults: (spec) => defaultNodeSpec(spec) },
)
export interface NodeSpec extends Infer<typeof NodeSpec> {}

export const NodePhase = enumeration("Pending", "Running", "Terminated")
export type NodePhase = Infer<typeof NodePhase>

export const NodeCondition = message("io.k8s.api.core.v1.NodeCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastHeartbeatTime: always(3, time),
  lastTransitionTime: always(4, time),
  reason: field(5, string),
  message: field(6, string),
})
export interface NodeCondition extends Infer<typeof NodeCondition> {}

export const NodeAddress = message("io.k8s.api.core.v1.NodeAddress", {
  type: always(1, string, { required: true }),
  address: always(2, string, { required: true }),
})
export interface NodeAddress extends Infer<typeof NodeAddress> {}

export const DaemonEndpoint = message("io.k8s.api.core.v1.DaemonEndpoint", {
  Port: always(1, int32, { required: true }),
})
export interface DaemonEndpoint extends Infer<typeof DaemonEndpoint> {}

export const NodeDaemonEndpoints = message("io.k8s.api.core.v1.NodeDaemonEndpoints", {
  kubeletEndpoint: always(1, DaemonEndpoint),
})
export interface NodeDaemonEndpoints extends Infer<typeof NodeDaemonEndpoints> {}

export const NodeSwapStatus = message("io.k8s.api.core.v1.NodeSwapStatus", {
  capacity: optional(1, int64),
})
export interface NodeSwapStatus extends Infer<typeof NodeSwapStatus> {}

export const NodeSystemInfo = message("io.k8s.api.core.v1.NodeSystemInfo", {
  machineID: always(1, string, { required: true }),
  systemUUID: always(2, string, { required: true }),
  bootID: always(3, string, { required: true }),
  kernelVersion: always(4, string, { required: true }),
  osImage: always(5, string, { required: true }),
  containerRuntimeVersion: always(6, string, { required: true }),
  kubeletVersion: always(7, string, { required: true }),
  kubeProxyVersion: always(8, string, { required: true }),
  operatingSystem: always(9, string, { required: true }),
  architecture: always(10, string, { required: true }),
  swap: optional(11, NodeSwapStatus),
})
export interface NodeSystemInfo extends Infer<typeof NodeSystemInfo> {}

export const ContainerImage = message("io.k8s.api.core.v1.ContainerImage", {
  names: always(1, list(string)),
  sizeBytes: field(2, int64),
})
export interface ContainerImage extends Infer<typeof ContainerImage> {}

export const AttachedVolume = message("io.k8s.api.core.v1.AttachedVolume", {
  name: always(1, string, { required: true }),
  devicePath: always(2, string, { required: true }),
})
export interface AttachedVolume extends Infer<typeof AttachedVolume> {}

export const NodeConfigStatus = message("io.k8s.api.core.v1.NodeConfigStatus", {
  assigned: optional(1, NodeConfigSource),
  active: optional(2, NodeConfigSource),
  lastKnownGood: optional(3, NodeConfigSource),
  error: field(4, string),
})
export interface NodeConfigStatus extends Infer<typeof NodeConfigStatus> {}

export const NodeRuntimeHandlerFeatures = message("io.k8s.api.core.v1.NodeRuntimeHandlerFeatures", {
  recursiveReadOnlyMounts: optional(1, bool),
  userNamespaces: optional(2, bool),
})
export interface NodeRuntimeHandlerFeatures extends Infer<typeof NodeRuntimeHandlerFeatures> {}

export const NodeRuntimeHandler = message("io.k8s.api.core.v1.NodeRuntimeHandler", {
  name: always(1, string),
  features: optional(2, NodeRuntimeHandlerFeatures),
})
export interface NodeRuntimeHandler extends Infer<typeof NodeRuntimeHandler> {}

export const NodeFeatures = message("io.k8s.api.core.v1.NodeFeatures", {
  supplementalGroupsPolicy: optional(1, bool),
})
export interface NodeFeatures extends Infer<typeof NodeFeatures> {}

export const NodeStatus = message(
  "io.k8s.api.core.v1.NodeStatus",
  {
    capacity: field(1, ResourceList),
    allocatable: field(2, ResourceList),
    phase: field(3, NodePhase),
    conditions: field(4, list(NodeCondition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
    addresses: field(5, list(NodeAddress, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
    daemonEndpoints: always(6, NodeDaemonEndpoints),
    nodeInfo: always(7, NodeSystemInfo),
    images: field(8, list(ContainerImage)),
    volumesInUse: field(9, list(string)),
    volumesAttached: field(10, list(AttachedVolume)),
    config: optional(11, NodeConfigStatus),
    runtimeHandlers: field(12, list(NodeRuntimeHandler)),
    features: optional(13, NodeFeatures),
    declaredFeatures: field(14, list(string)),
  },
  { applyDefaults: (status) => defaultNodeStatus(status) },
)
export interface NodeStatus extends Infer<typeof NodeStatus> {}

export const NodeSchema = message("io.k8s.api.core.v1.Node", {
  ...objectFields,
  spec: always(2, NodeSpec),
  status: always(3, NodeStatus),
})
/** A machine that runs pods. */
export interface Node extends Infer<typeof NodeSchema> {}

export const Node = resource<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  namespaced: false,
  shortNames: ["no"],
  hasStatus: true,
  subresources: [
    { name: "proxy", kind: "NodeProxyOptions", verbs: ["create", "delete", "get", "patch", "update"] },
  ],
  storagePrefix: "minions",
  columns: nodeColumns,
  selectableFields: {
    "spec.unschedulable": ({ spec }) => String(spec.unschedulable ?? false),
  },
  schema: NodeSchema,
})

function defaultNodeStatus(status: NodeStatus): void {
  roundResourceList(status.capacity)
  roundResourceList(status.allocatable)
  if (status.capacity) status.allocatable ??= { ...status.capacity }
}

/** `podCIDR` is the first of `podCIDRs`. If they differ, the writer knows one range only and means that. */
function defaultNodeSpec(spec: NodeSpec): void {
  const first = spec.podCIDRs?.[0]
  if (spec.podCIDR && spec.podCIDR !== first) spec.podCIDRs = [spec.podCIDR]
  else if (first) spec.podCIDR = first
}
