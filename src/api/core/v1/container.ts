import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  inline,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { EnvFromSource, EnvVar } from "./env-var.ts"
import { Lifecycle, Probe } from "./probe.ts"
import { ResourceRequirements } from "./resource-requirements.ts"
import { SecurityContext } from "./security-context.ts"
import { PullPolicy } from "./volume.ts"
import { defaultContainer } from "./pod-defaults.ts"

export const Protocol = enumeration("SCTP", "TCP", "UDP")
export type Protocol = Infer<typeof Protocol>

export const ContainerPort = message("io.k8s.api.core.v1.ContainerPort", {
  name: field(1, string),
  hostPort: field(2, int32),
  containerPort: always(3, int32, { required: true }),
  protocol: field(4, Protocol, { default: "TCP" }),
  hostIP: field(5, string),
})
export interface ContainerPort extends Infer<typeof ContainerPort> {}

export const ContainerResizePolicy = message("io.k8s.api.core.v1.ContainerResizePolicy", {
  resourceName: always(1, string, { required: true }),
  restartPolicy: always(2, string, { required: true }),
})
export interface ContainerResizePolicy extends Infer<typeof ContainerResizePolicy> {}

export const ContainerRestartRuleOnExitCodes = message("io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes", {
  operator: field(1, string, { required: true }),
  values: field(2, list(int32, { type: "set" })),
})
export interface ContainerRestartRuleOnExitCodes extends Infer<typeof ContainerRestartRuleOnExitCodes> {}

export const ContainerRestartRule = message("io.k8s.api.core.v1.ContainerRestartRule", {
  action: field(1, string, { required: true }),
  exitCodes: optional(2, ContainerRestartRuleOnExitCodes),
})
export interface ContainerRestartRule extends Infer<typeof ContainerRestartRule> {}

export const MountPropagationMode = enumeration("Bidirectional", "HostToContainer", "None")
export type MountPropagationMode = Infer<typeof MountPropagationMode>

export const VolumeMount = message("io.k8s.api.core.v1.VolumeMount", {
  name: always(1, string, { required: true }),
  readOnly: field(2, bool),
  recursiveReadOnly: optional(7, string),
  mountPath: always(3, string, { required: true }),
  subPath: field(4, string),
  mountPropagation: optional(5, MountPropagationMode),
  subPathExpr: field(6, string),
})
export interface VolumeMount extends Infer<typeof VolumeMount> {}

export const VolumeDevice = message("io.k8s.api.core.v1.VolumeDevice", {
  name: always(1, string, { required: true }),
  devicePath: always(2, string, { required: true }),
})
export interface VolumeDevice extends Infer<typeof VolumeDevice> {}

export const TerminationMessagePolicy = enumeration("FallbackToLogsOnError", "File")
export type TerminationMessagePolicy = Infer<typeof TerminationMessagePolicy>

export const Container = message(
  "io.k8s.api.core.v1.Container",
  {
    name: always(1, string, { required: true }),
    image: field(2, string),
    command: field(3, list(string)),
    args: field(4, list(string)),
    workingDir: field(5, string),
    ports: field(6, list(ContainerPort, { keys: ["containerPort", "protocol"] }), {
      patchStrategy: "merge",
      patchMergeKey: "containerPort",
    }),
    envFrom: field(19, list(EnvFromSource)),
    env: field(7, list(EnvVar, { keys: ["name"] }), { patchStrategy: "merge", patchMergeKey: "name" }),
    resources: always(8, ResourceRequirements),
    resizePolicy: field(23, list(ContainerResizePolicy)),
    restartPolicy: optional(24, string),
    restartPolicyRules: field(25, list(ContainerRestartRule)),
    volumeMounts: field(9, list(VolumeMount, { keys: ["mountPath"] }), {
      patchStrategy: "merge",
      patchMergeKey: "mountPath",
    }),
    volumeDevices: field(21, list(VolumeDevice, { keys: ["devicePath"] }), {
      patchStrategy: "merge",
      patchMergeKey: "devicePath",
    }),
    livenessProbe: optional(10, Probe),
    readinessProbe: optional(11, Probe),
    startupProbe: optional(22, Probe),
    lifecycle: optional(12, Lifecycle),
    terminationMessagePath: field(13, string, { default: "/dev/termination-log" }),
    terminationMessagePolicy: field(20, TerminationMessagePolicy, { default: "File" }),
    imagePullPolicy: field(14, PullPolicy),
    securityContext: optional(15, SecurityContext),
    stdin: field(16, bool),
    stdinOnce: field(17, bool),
    tty: field(18, bool),
  },
  { applyDefaults: (container) => defaultContainer(container) },
)
export interface Container extends Infer<typeof Container> {}

export const EphemeralContainer = message(
  "io.k8s.api.core.v1.EphemeralContainer",
  {
    ...inline(1, Container),
    targetContainerName: field(2, string),
  },
  { applyDefaults: (container) => defaultContainer(container) },
)
export interface EphemeralContainer extends Infer<typeof EphemeralContainer> {}
