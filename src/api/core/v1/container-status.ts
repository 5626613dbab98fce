import {
  always,
  bool,
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
import { Signal } from "./probe.ts"
import { ResourceList, ResourceRequirements } from "./resource-requirements.ts"

export const ContainerStateWaiting = message("io.k8s.api.core.v1.ContainerStateWaiting", {
  reason: field(1, string),
  message: field(2, string),
})
export interface ContainerStateWaiting extends Infer<typeof ContainerStateWaiting> {}

export const ContainerStateRunning = message("io.k8s.api.core.v1.ContainerStateRunning", {
  startedAt: always(1, time),
})
export interface ContainerStateRunning extends Infer<typeof ContainerStateRunning> {}

export const ContainerStateTerminated = message("io.k8s.api.core.v1.ContainerStateTerminated", {
  exitCode: always(1, int32, { required: true }),
  signal: field(2, int32),
  reason: field(3, string),
  message: field(4, string),
  startedAt: always(5, time),
  finishedAt: always(6, time),
  containerID: field(7, string),
})
export interface ContainerStateTerminated extends Infer<typeof ContainerStateTerminated> {}

export const ContainerState = message("io.k8s.api.core.v1.ContainerState", {
  waiting: optional(1, ContainerStateWaiting),
  running: optional(2, ContainerStateRunning),
  terminated: optional(3, ContainerStateTerminated),
})
export interface ContainerState extends Infer<typeof ContainerState> {}

export const ImageVolumeStatus = message("io.k8s.api.core.v1.ImageVolumeStatus", {
  imageRef: field(1, string, { required: true }),
})
export interface ImageVolumeStatus extends Infer<typeof ImageVolumeStatus> {}

export const VolumeStatus = message("io.k8s.api.core.v1.VolumeStatus", {
  image: optional(1, ImageVolumeStatus),
})
export interface VolumeStatus extends Infer<typeof VolumeStatus> {}

export const VolumeMountStatus = message("io.k8s.api.core.v1.VolumeMountStatus", {
  name: always(1, string, { required: true }),
  mountPath: always(2, string, { required: true }),
  readOnly: field(3, bool),
  recursiveReadOnly: optional(4, string),
  volumeStatus: optional(5, VolumeStatus),
})
export interface VolumeMountStatus extends Infer<typeof VolumeMountStatus> {}

export const LinuxContainerUser = message("io.k8s.api.core.v1.LinuxContainerUser", {
  uid: always(1, int64, { required: true }),
  gid: always(2, int64, { required: true }),
  supplementalGroups: field(3, list(int64)),
})
export interface LinuxContainerUser extends Infer<typeof LinuxContainerUser> {}

export const ContainerUser = message("io.k8s.api.core.v1.ContainerUser", {
  linux: optional(1, LinuxContainerUser),
})
export interface ContainerUser extends Infer<typeof ContainerUser> {}

export const ResourceHealth = message("io.k8s.api.core.v1.ResourceHealth", {
  resourceID: always(1, string, { required: true }),
  health: field(2, string),
  message: optional(6, string),
})
export interface ResourceHealth extends Infer<typeof ResourceHealth> {}

export const ResourceStatus = message("io.k8s.api.core.v1.ResourceStatus", {
  name: always(1, string, { required: true }),
  resources: field(2, list(ResourceHealth, { keys: ["resourceID"] })),
})
export interface ResourceStatus extends Infer<typeof ResourceStatus> {}

export const ContainerStatus = message("io.k8s.api.core.v1.ContainerStatus", {
  name: always(1, string, { required: true }),
  state: always(2, ContainerState),
  lastState: always(3, ContainerState),
  ready: always(4, bool, { required: true }),
  restartCount: always(5, int32, { required: true }),
  image: always(6, string, { required: true }),
  imageID: always(7, string, { required: true }),
  containerID: field(8, string),
  started: optional(9, bool),
  allocatedResources: field(10, ResourceList),
  resources: optional(11, ResourceRequirements),
  volumeMounts: field(12, list(VolumeMountStatus, { keys: ["mountPath"] }), {
    patchStrategy: "merge",
    patchMergeKey: "mountPath",
  }),
  user: optional(13, ContainerUser),
  allocatedResourcesStatus: field(14, list(ResourceStatus, { keys: ["name"] }), {
    patchStrategy: "merge",
    patchMergeKey: "name",
  }),
  stopSignal: optional(15, Signal),
})
export interface ContainerStatus extends Infer<typeof ContainerStatus> {}
