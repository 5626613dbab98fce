import type { GroupVersionKind } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { ObjectSchema } from "../apimachinery/schema.ts"
import { Binding } from "./core/v1/binding.ts"
import { ComponentStatus } from "./core/v1/component-status.ts"
import { ConfigMap } from "./core/v1/config-map.ts"
import { Endpoints } from "./core/v1/endpoints.ts"
import { Event as CoreEvent } from "./core/v1/event.ts"
import { LimitRange } from "./core/v1/limit-range.ts"
import { Namespace } from "./core/v1/namespace.ts"
import { Node } from "./core/v1/node.ts"
import { PersistentVolume } from "./core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "./core/v1/persistent-volume-claim.ts"
import { Pod } from "./core/v1/pod.ts"
import { PodTemplate } from "./core/v1/pod-template.ts"
import { ReplicationController } from "./core/v1/replication-controller.ts"
import { ResourceQuota } from "./core/v1/resource-quota.ts"
import { Secret } from "./core/v1/secret.ts"
import { Service } from "./core/v1/service.ts"
import { ServiceAccount } from "./core/v1/service-account.ts"
import { MutatingAdmissionPolicy as V1MutatingAdmissionPolicy } from "./admissionregistration/v1/mutating-admission-policy.ts"
import { MutatingAdmissionPolicyBinding as V1MutatingAdmissionPolicyBinding } from "./admissionregistration/v1/mutating-admission-policy-binding.ts"
import { MutatingWebhookConfiguration } from "./admissionregistration/v1/mutating-webhook-configuration.ts"
import { ValidatingAdmissionPolicy } from "./admissionregistration/v1/validating-admission-policy.ts"
import { ValidatingAdmissionPolicyBinding } from "./admissionregistration/v1/validating-admission-policy-binding.ts"
import { ValidatingWebhookConfiguration } from "./admissionregistration/v1/validating-webhook-configuration.ts"
import { MutatingAdmissionPolicy as V1alpha1MutatingAdmissionPolicy } from "./admissionregistration/v1alpha1/mutating-admission-policy.ts"
import { MutatingAdmissionPolicyBinding as V1alpha1MutatingAdmissionPolicyBinding } from "./admissionregistration/v1alpha1/mutating-admission-policy-binding.ts"
import { MutatingAdmissionPolicy as V1beta1MutatingAdmissionPolicy } from "./admissionregistration/v1beta1/mutating-admission-policy.ts"
import { MutatingAdmissionPolicyBinding as V1beta1MutatingAdmissionPolicyBinding } from "./admissionregistration/v1beta1/mutating-admission-policy-binding.ts"
import { CustomResourceDefinition } from "./apiextensions/v1/custom-resource-definition.ts"
import { APIService } from "./apiregistration/v1/api-service.ts"
import { ControllerRevision } from "./apps/v1/controller-revision.ts"
import { DaemonSet } from "./apps/v1/daemon-set.ts"
import { Deployment } from "./apps/v1/deployment.ts"
import { ReplicaSet } from "./apps/v1/replica-set.ts"
import { StatefulSet } from "./apps/v1/stateful-set.ts"
import { SelfSubjectReview } from "./authentication/v1/self-subject-review.ts"
import { TokenReview } from "./authentication/v1/token-review.ts"
import { LocalSubjectAccessReview } from "./authorization/v1/local-subject-access-review.ts"
import { SelfSubjectAccessReview } from "./authorization/v1/self-subject-access-review.ts"
import { SelfSubjectRulesReview } from "./authorization/v1/self-subject-rules-review.ts"
import { SubjectAccessReview } from "./authorization/v1/subject-access-review.ts"
import { HorizontalPodAutoscaler as V1HorizontalPodAutoscaler } from "./autoscaling/v1/horizontal-pod-autoscaler.ts"
import { HorizontalPodAutoscaler as V2HorizontalPodAutoscaler } from "./autoscaling/v2/horizontal-pod-autoscaler.ts"
import { CronJob } from "./batch/v1/cron-job.ts"
import { Job } from "./batch/v1/job.ts"
import { CertificateSigningRequest } from "./certificates/v1/certificate-signing-request.ts"
import { ClusterTrustBundle as V1alpha1ClusterTrustBundle } from "./certificates/v1alpha1/cluster-trust-bundle.ts"
import { ClusterTrustBundle as V1beta1ClusterTrustBundle } from "./certificates/v1beta1/cluster-trust-bundle.ts"
import { PodCertificateRequest } from "./certificates/v1beta1/pod-certificate-request.ts"
import { Lease } from "./coordination/v1/lease.ts"
import { LeaseCandidate as V1alpha2LeaseCandidate } from "./coordination/v1alpha2/lease-candidate.ts"
import { LeaseCandidate as V1beta1LeaseCandidate } from "./coordination/v1beta1/lease-candidate.ts"
import { EndpointSlice } from "./discovery/v1/endpoint-slice.ts"
import { Event as EventsEvent } from "./events/v1/event.ts"
import { FlowSchema } from "./flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "./flowcontrol/v1/priority-level-configuration.ts"
import { StorageVersion } from "./internal/v1alpha1/storage-version.ts"
import { IPAddress as V1IPAddress } from "./networking/v1/ip-address.ts"
import { Ingress } from "./networking/v1/ingress.ts"
import { IngressClass } from "./networking/v1/ingress-class.ts"
import { NetworkPolicy } from "./networking/v1/network-policy.ts"
import { ServiceCIDR as V1ServiceCIDR } from "./networking/v1/service-cidr.ts"
import { IPAddress as V1beta1IPAddress } from "./networking/v1beta1/ip-address.ts"
import { ServiceCIDR as V1beta1ServiceCIDR } from "./networking/v1beta1/service-cidr.ts"
import { RuntimeClass } from "./node/v1/runtime-class.ts"
import { PodDisruptionBudget } from "./policy/v1/pod-disruption-budget.ts"
import { ClusterRole } from "./rbac/v1/cluster-role.ts"
import { ClusterRoleBinding } from "./rbac/v1/cluster-role-binding.ts"
import { Role } from "./rbac/v1/role.ts"
import { RoleBinding } from "./rbac/v1/role-binding.ts"
import { DeviceClass as V1DeviceClass } from "./resource/v1/device-class.ts"
import { ResourceClaim as V1ResourceClaim } from "./resource/v1/resource-claim.ts"
import { ResourceClaimTemplate as V1ResourceClaimTemplate } from "./resource/v1/resource-claim-template.ts"
import { ResourceSlice as V1ResourceSlice } from "./resource/v1/resource-slice.ts"
import { DeviceTaintRule as V1alpha3DeviceTaintRule } from "./resource/v1alpha3/device-taint-rule.ts"
import { ResourcePoolStatusRequest } from "./resource/v1alpha3/resource-pool-status-request.ts"
import { DeviceClass as V1beta1DeviceClass } from "./resource/v1beta1/device-class.ts"
import { ResourceClaim as V1beta1ResourceClaim } from "./resource/v1beta1/resource-claim.ts"
import { ResourceClaimTemplate as V1beta1ResourceClaimTemplate } from "./resource/v1beta1/resource-claim-template.ts"
import { ResourceSlice as V1beta1ResourceSlice } from "./resource/v1beta1/resource-slice.ts"
import { DeviceClass as V1beta2DeviceClass } from "./resource/v1beta2/device-class.ts"
import { DeviceTaintRule as V1beta2DeviceTaintRule } from "./resource/v1beta2/device-taint-rule.ts"
import { ResourceClaim as V1beta2ResourceClaim } from "./resource/v1beta2/resource-claim.ts"
import { ResourceClaimTemplate as V1beta2ResourceClaimTemplate } from "./resource/v1beta2/resource-claim-template.ts"
import { ResourceSlice as V1beta2ResourceSlice } from "./resource/v1beta2/resource-slice.ts"
import { PriorityClass } from "./scheduling/v1/priority-class.ts"
import { PodGroup } from "./scheduling/v1alpha2/pod-group.ts"
import { Workload } from "./scheduling/v1alpha2/workload.ts"
import { CSIDriver } from "./storage/v1/csi-driver.ts"
import { CSINode } from "./storage/v1/csi-node.ts"
import { CSIStorageCapacity } from "./storage/v1/csi-storage-capacity.ts"
import { StorageClass } from "./storage/v1/storage-class.ts"
import { VolumeAttachment } from "./storage/v1/volume-attachment.ts"
import { VolumeAttributesClass as V1VolumeAttributesClass } from "./storage/v1/volume-attributes-class.ts"
import { VolumeAttributesClass as V1beta1VolumeAttributesClass } from "./storage/v1beta1/volume-attributes-class.ts"
import { StorageVersionMigration } from "./storagemigration/v1beta1/storage-version-migration.ts"
import { PodAttachOptionsSchema } from "./core/v1/pod-options.ts"
import { PodExecOptionsSchema } from "./core/v1/pod-options.ts"
import { PodPortForwardOptionsSchema } from "./core/v1/pod-options.ts"
import { PodLogOptionsSchema } from "./core/v1/pod-options.ts"
import { PodProxyOptionsSchema } from "./core/v1/pod-options.ts"
import { ServiceProxyOptionsSchema } from "./core/v1/proxy-options.ts"
import { NodeProxyOptionsSchema } from "./core/v1/proxy-options.ts"
import { EvictionSchema } from "./policy/v1/eviction.ts"
import { TokenRequestSchema } from "./authentication/v1/token-request.ts"
import { ScaleSchema } from "./autoscaling/v1/scale.ts"

/** Every built-in resource that the server serves; discovery, OpenAPI and the registry are derived from this list. */
export const builtInResources: readonly Resource[] = [
  Binding,
  ComponentStatus,
  ConfigMap,
  Endpoints,
  CoreEvent,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  V1alpha1MutatingAdmissionPolicy,
  V1alpha1MutatingAdmissionPolicyBinding,
  V1beta1MutatingAdmissionPolicy,
  V1beta1MutatingAdmissionPolicyBinding,
  CustomResourceDefinition,
  APIService,
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  SelfSubjectReview,
  TokenReview,
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  V1HorizontalPodAutoscaler,
  V2HorizontalPodAutoscaler,
  CronJob,
  Job,
  CertificateSigningRequest,
  V1alpha1ClusterTrustBundle,
  V1beta1ClusterTrustBundle,
  PodCertificateRequest,
  Lease,
  V1alpha2LeaseCandidate,
  V1beta1LeaseCandidate,
  EndpointSlice,
  EventsEvent,
  FlowSchema,
  PriorityLevelConfiguration,
  StorageVersion,
  V1IPAddress,
  Ingress,
  IngressClass,
  NetworkPolicy,
  V1ServiceCIDR,
  V1beta1IPAddress,
  V1beta1ServiceCIDR,
  RuntimeClass,
  PodDisruptionBudget,
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  V1DeviceClass,
  V1ResourceClaim,
  V1ResourceClaimTemplate,
  V1ResourceSlice,
  V1alpha3DeviceTaintRule,
  ResourcePoolStatusRequest,
  V1beta1DeviceClass,
  V1beta1ResourceClaim,
  V1beta1ResourceClaimTemplate,
  V1beta1ResourceSlice,
  V1beta2DeviceClass,
  V1beta2DeviceTaintRule,
  V1beta2ResourceClaim,
  V1beta2ResourceClaimTemplate,
  V1beta2ResourceSlice,
  PriorityClass,
  PodGroup,
  Workload,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  V1VolumeAttributesClass,
  V1beta1VolumeAttributesClass,
  StorageVersionMigration,
]

/** A kind that travels but has no collection of its own: bodies and options of subresources. */
export interface BodyKind extends GroupVersionKind {
  readonly schema: ObjectSchema
}

export const bodyKinds: readonly BodyKind[] = [
  { group: "", version: "v1", kind: "PodAttachOptions", schema: PodAttachOptionsSchema },
  { group: "", version: "v1", kind: "PodExecOptions", schema: PodExecOptionsSchema },
  { group: "", version: "v1", kind: "PodPortForwardOptions", schema: PodPortForwardOptionsSchema },
  { group: "", version: "v1", kind: "PodLogOptions", schema: PodLogOptionsSchema },
  { group: "", version: "v1", kind: "PodProxyOptions", schema: PodProxyOptionsSchema },
  { group: "", version: "v1", kind: "ServiceProxyOptions", schema: ServiceProxyOptionsSchema },
  { group: "", version: "v1", kind: "NodeProxyOptions", schema: NodeProxyOptionsSchema },
  { group: "policy", version: "v1", kind: "Eviction", schema: EvictionSchema },
  { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", schema: TokenRequestSchema },
  { group: "autoscaling", version: "v1", kind: "Scale", schema: ScaleSchema },
]
