import { ObjectMeta } from "../../../apimachinery/meta.ts"
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
  mapOf,
  message,
  optional,
  quantity,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { Affinity } from "./affinity.ts"
import { ContainerStatus } from "./container-status.ts"
import { Container, EphemeralContainer } from "./container.ts"
import { LocalObjectReference } from "./object-reference.ts"
import { ResourceList, ResourceRequirements } from "./resource-requirements.ts"
import { PodSecurityContext } from "./security-context.ts"
import { Toleration } from "./toleration.ts"
import { Volume } from "./volume.ts"
import { defaultPod, defaultPodSpec, defaultPodStatus } from "./pod-defaults.ts"
import { podColumns } from "./pod-columns.ts"

export const RestartPolicy = enumeration("Always", "Never", "OnFailure")
export type RestartPolicy = Infer<typeof RestartPolicy>

export const DNSPolicy = enumeration("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
export type DNSPolicy = Infer<typeof DNSPolicy>

export const HostAlias = message("io.k8s.api.core.v1.HostAlias", {
  ip: always(1, string, { required: true }),
  hostnames: field(2, list(string)),
})
export interface HostAlias extends Infer<typeof HostAlias> {}

export const PodDNSConfigOption = message("io.k8s.api.core.v1.PodDNSConfigOption", {
  name: field(1, string),
  value: optional(2, string),
})
export interface PodDNSConfigOption extends Infer<typeof PodDNSConfigOption> {}

export const PodDNSConfig = message("io.k8s.api.core.v1.PodDNSConfig", {
  nameservers: field(1, list(string)),
  searches: field(2, list(string)),
  options: field(3, list(PodDNSConfigOption)),
})
export interface PodDNSConfig extends Infer<typeof PodDNSConfig> {}

export const PodReadinessGate = message("io.k8s.api.core.v1.PodReadinessGate", {
  conditionType: always(1, string, { required: true }),
})
export interface PodReadinessGate extends Infer<typeof PodReadinessGate> {}

export const PreemptionPolicy = enumeration("Never", "PreemptLowerPriority")
export type PreemptionPolicy = Infer<typeof PreemptionPolicy>

export const UnsatisfiableConstraintAction = enumeration("DoNotSchedule", "ScheduleAnyway")
export type UnsatisfiableConstraintAction = Infer<typeof UnsatisfiableConstraintAction>

export const NodeInclusionPolicy = enumeration("Honor", "Ignore")
export type NodeInclusionPolicy = Infer<typeof NodeInclusionPolicy>

export const TopologySpreadConstraint = message("io.k8s.api.core.v1.TopologySpreadConstraint", {
  maxSkew: always(1, int32, { required: true }),
  topologyKey: always(2, string, { required: true }),
  whenUnsatisfiable: always(3, UnsatisfiableConstraintAction, { required: true }),
  labelSelector: optional(4, LabelSelector),
  minDomains: optional(5, int32),
  nodeAffinityPolicy: optional(6, NodeInclusionPolicy),
  nodeTaintsPolicy: optional(7, NodeInclusionPolicy),
  matchLabelKeys: field(8, list(string)),
})
export interface TopologySpreadConstraint extends Infer<typeof TopologySpreadConstraint> {}

export const PodOS = message("io.k8s.api.core.v1.PodOS", {
  name: always(1, string, { required: true }),
})
export interface PodOS extends Infer<typeof PodOS> {}

export const PodSchedulingGate = message("io.k8s.api.core.v1.PodSchedulingGate", {
  name: always(1, string, { required: true }),
})
export interface PodSchedulingGate extends Infer<typeof PodSchedulingGate> {}

export const PodResourceClaim = message("io.k8s.api.core.v1.PodResourceClaim", {
  name: always(1, string, { required: true }),
  resourceClaimName: optional(3, string),
  resourceClaimTemplateName: optional(4, string),
})
export interface PodResourceClaim extends Infer<typeof PodResourceClaim> {}

export const PodSchedulingGroup = message("io.k8s.api.core.v1.PodSchedulingGroup", {
  podGroupName: optional(1, string),
})
export interface PodSchedulingGroup extends Infer<typeof PodSchedulingGroup> {}

export const PodSpec = message(
  "io.k8s.api.core.v1.PodSpec",
  {
    volumes: field(1, list(Volume, { keys: ["name"] }), {
      patchStrategy: "merge,retainKeys",
      patchMergeKey: "name",
    }),
    initContainers: field(20, list(Container, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    containers: always(2, list(Container, { keys: ["name"] }), {
      required: true,
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    ephemeralContainers: field(34, list(EphemeralContainer, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    restartPolicy: field(3, RestartPolicy, { default: "Always" }),
    terminationGracePeriodSeconds: optional(4, int64, { default: 30 }),
    activeDeadlineSeconds: optional(5, int64),
    dnsPolicy: field(6, DNSPolicy, { default: "ClusterFirst" }),
    nodeSelector: field(7, mapOf(string, { atomic: true })),
    serviceAccountName: field(8, string),
    serviceAccount: field(9, string),
    automountServiceAccountToken: optional(21, bool),
    nodeName: field(10, string),
    hostNetwork: field(11, bool),
    hostPID: field(12, bool),
    hostIPC: field(13, bool),
    shareProcessNamespace: optional(27, bool),
    securityContext: optional(14, PodSecurityContext, { default: {} }),
    imagePullSecrets: field(15, list(LocalObjectReference, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    hostname: field(16, string),
    subdomain: field(17, string),
    affinity: optional(18, Affinity),
    schedulerName: field(19, string, { default: "default-scheduler" }),
    tolerations: field(22, list(Toleration)),
    hostAliases: field(23, list(HostAlias, { keys: ["ip"] }), {
      patchStrategy: "merge",
      patchMergeKey: "ip",
    }),
    priorityClassName: field(24, string),
    priority: optional(25, int32),
    dnsConfig: optional(26, PodDNSConfig),
    readinessGates: field(28, list(PodReadinessGate)),
    runtimeClassName: optional(29, string),
    enableServiceLinks: optional(30, bool),
    preemptionPolicy: optional(31, PreemptionPolicy),
    overhead: field(32, ResourceList),
    topologySpreadConstraints: field(
      33,
      list(TopologySpreadConstraint, { keys: ["topologyKey", "whenUnsatisfiable"] }),
      { patchStrategy: "merge", patchMergeKey: "topologyKey" },
    ),
    setHostnameAsFQDN: optional(35, bool),
    os: optional(36, PodOS),
    hostUsers: optional(37, bool),
    schedulingGates: field(38, list(PodSchedulingGate, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    resourceClaims: field(39, list(PodResourceClaim, { keys: ["name"] }), {
      patchStrategy: "merge,retainKeys",
      patchMergeKey: "name",
    }),
    resources: optional(40, ResourceRequirements),
    hostnameOverride: optional(41, string),
    schedulingGroup: optional(43, PodSchedulingGroup),
  },
  { applyDefaults: (spec) => defaultPodSpec(spec) },
)
export interface PodSpec extends Infer<typeof PodSpec> {}

export const PodTemplateSpec = message("io.k8s.api.core.v1.PodTemplateSpec", {
  metadata: always(1, ObjectMeta),
  spec: always(2, PodSpec),
})
export interface PodTemplateSpec extends Infer<typeof PodTemplateSpec> {}

export const PodPhase = enumeration("Failed", "Pending", "Running", "Succeeded", "Unknown")
export type PodPhase = Infer<typeof PodPhase>

export const PodCondition = message("io.k8s.api.core.v1.PodCondition", {
  type: always(1, string, { required: true }),
  observedGeneration: field(7, int64),
  status: always(2, string, { required: true }),
  lastProbeTime: always(3, time),
  lastTransitionTime: always(4, time),
  reason: field(5, string),
  message: field(6, string),
})
export interface PodCondition extends Infer<typeof PodCondition> {}

export const HostIP = message("io.k8s.api.core.v1.HostIP", {
  ip: always(1, string, { required: true }),
})
export interface HostIP extends Infer<typeof HostIP> {}

export const PodIP = message("io.k8s.api.core.v1.PodIP", {
  ip: always(1, string, { required: true }),
})
export interface PodIP extends Infer<typeof PodIP> {}

export const PodQOSClass = enumeration("BestEffort", "Burstable", "Guaranteed")
export type PodQOSClass = Infer<typeof PodQOSClass>

export const PodResourceClaimStatus = message("io.k8s.api.core.v1.PodResourceClaimStatus", {
  name: always(1, string, { required: true }),
  resourceClaimName: optional(2, string),
})
export interface PodResourceClaimStatus extends Infer<typeof PodResourceClaimStatus> {}

export const ContainerExtendedResourceRequest = message(
  "io.k8s.api.core.v1.ContainerExtendedResourceRequest",
  {
    containerName: always(1, string, { required: true }),
    resourceName: always(2, string, { required: true }),
    requestName: always(3, string, { required: true }),
  },
)
export interface ContainerExtendedResourceRequest extends Infer<typeof ContainerExtendedResourceRequest> {}

export const PodExtendedResourceClaimStatus = message("io.k8s.api.core.v1.PodExtendedResourceClaimStatus", {
  requestMappings: always(1, list(ContainerExtendedResourceRequest), { required: true }),
  resourceClaimName: always(2, string, { required: true }),
})
export interface PodExtendedResourceClaimStatus extends Infer<typeof PodExtendedResourceClaimStatus> {}

export const NodeAllocatableResourceClaimStatus = message(
  "io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus",
  {
    resourceClaimName: always(1, string, { required: true }),
    containers: field(2, list(string, { type: "set" })),
    resources: always(3, mapOf(quantity), { required: true }),
  },
)
export interface NodeAllocatableResourceClaimStatus
  extends Infer<typeof NodeAllocatableResourceClaimStatus> {}

export const PodStatus = message(
  "io.k8s.api.core.v1.PodStatus",
  {
    observedGeneration: field(17, int64),
    phase: field(1, PodPhase),
    conditions: field(2, list(PodCondition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
    message: field(3, string),
    reason: field(4, string),
    nominatedNodeName: field(11, string),
    hostIP: field(5, string),
    hostIPs: field(16, list(HostIP), { patchStrategy: "merge", patchMergeKey: "ip" }),
    podIP: field(6, string),
    podIPs: field(12, list(PodIP, { keys: ["ip"] }), { patchStrategy: "merge", patchMergeKey: "ip" }),
    startTime: optional(7, time),
    initContainerStatuses: field(10, list(ContainerStatus)),
    containerStatuses: field(8, list(ContainerStatus)),
    qosClass: field(9, PodQOSClass),
    ephemeralContainerStatuses: field(13, list(ContainerStatus)),
    resize: field(14, string),
    resourceClaimStatuses: field(15, list(PodResourceClaimStatus, { keys: ["name"] }), {
      patchStrategy: "merge,retainKeys",
      patchMergeKey: "name",
    }),
    extendedResourceClaimStatus: optional(18, PodExtendedResourceClaimStatus),
    allocatedResources: field(19, ResourceList),
    resources: optional(20, ResourceRequirements),
    nodeAllocatableResourceClaimStatuses: field(21, list(NodeAllocatableResourceClaimStatus)),
  },
  { applyDefaults: (status) => defaultPodStatus(status) },
)
export interface PodStatus extends Infer<typeof PodStatus> {}

export const PodSchema = message(
  "io.k8s.api.core.v1.Pod",
  {
    ...objectFields,
    spec: always(2, PodSpec),
    status: always(3, PodStatus),
  },
  { applyDefaults: (pod) => defaultPod(pod) },
)
/** Containers that run together on one node and share network and volumes. */
export interface Pod extends Infer<typeof PodSchema> {}

export const Pod = resource<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  namespaced: true,
  shortNames: ["po"],
  categories: ["all"],
  hasStatus: true,
  subresources: [
    { name: "attach", kind: "PodAttachOptions", verbs: ["create", "get"] },
    { name: "binding", kind: "Binding", verbs: ["create"] },
    { name: "ephemeralcontainers", kind: "Pod", verbs: ["get", "patch", "update"] },
    { name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
    { name: "exec", kind: "PodExecOptions", verbs: ["create", "get"] },
    { name: "log", kind: "Pod", verbs: ["get"] },
    { name: "portforward", kind: "PodPortForwardOptions", verbs: ["create", "get"] },
    { name: "proxy", kind: "PodProxyOptions", verbs: ["create", "delete", "get", "patch", "update"] },
    { name: "resize", kind: "Pod", verbs: ["get", "patch", "update"] },
  ],
  columns: podColumns,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy,
    "spec.schedulerName": ({ spec }) => spec.schedulerName,
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec.hostNetwork ?? false),
    "status.phase": ({ status }) => status.phase ?? "",
    "status.podIP": ({ status }) => status.podIPs?.[0]?.ip ?? "",
    // Upstream takes it in a selector and never sets it.
    "status.podIPs": () => "",
    "status.nominatedNodeName": ({ status }) => status.nominatedNodeName ?? "",
  },
  schema: PodSchema,
})
