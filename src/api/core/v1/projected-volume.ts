import {
  always,
  bool,
  field,
  type Infer,
  inline,
  int32,
  int64,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { DownwardAPIProjection } from "./downward-api.ts"
import { LocalObjectReference } from "./object-reference.ts"

export const KeyToPath = message("io.k8s.api.core.v1.KeyToPath", {
  key: always(1, string, { required: true }),
  path: always(2, string, { required: true }),
  mode: optional(3, int32),
})
export interface KeyToPath extends Infer<typeof KeyToPath> {}

export const SecretProjection = message("io.k8s.api.core.v1.SecretProjection", {
  ...inline(1, LocalObjectReference),
  items: field(2, list(KeyToPath)),
  optional: optional(4, bool),
})
export interface SecretProjection extends Infer<typeof SecretProjection> {}

export const ConfigMapProjection = message("io.k8s.api.core.v1.ConfigMapProjection", {
  ...inline(1, LocalObjectReference),
  items: field(2, list(KeyToPath)),
  optional: optional(4, bool),
})
export interface ConfigMapProjection extends Infer<typeof ConfigMapProjection> {}

export const ServiceAccountTokenProjection = message("io.k8s.api.core.v1.ServiceAccountTokenProjection", {
  audience: field(1, string),
  expirationSeconds: optional(2, int64, { default: 3600 }),
  path: always(3, string, { required: true }),
})
export interface ServiceAccountTokenProjection extends Infer<typeof ServiceAccountTokenProjection> {}

export const ClusterTrustBundleProjection = message("io.k8s.api.core.v1.ClusterTrustBundleProjection", {
  name: optional(1, string),
  signerName: optional(2, string),
  labelSelector: optional(3, LabelSelector),
  optional: optional(5, bool),
  path: always(4, string, { required: true }),
})
export interface ClusterTrustBundleProjection extends Infer<typeof ClusterTrustBundleProjection> {}

export const PodCertificateProjection = message("io.k8s.api.core.v1.PodCertificateProjection", {
  signerName: field(1, string, { required: true }),
  keyType: field(2, string, { required: true }),
  maxExpirationSeconds: optional(3, int32),
  credentialBundlePath: field(4, string),
  keyPath: field(5, string),
  certificateChainPath: field(6, string),
  userAnnotations: field(7, mapOf(string)),
})
export interface PodCertificateProjection extends Infer<typeof PodCertificateProjection> {}

export const VolumeProjection = message("io.k8s.api.core.v1.VolumeProjection", {
  secret: optional(1, SecretProjection),
  downwardAPI: optional(2, DownwardAPIProjection),
  configMap: optional(3, ConfigMapProjection),
  serviceAccountToken: optional(4, ServiceAccountTokenProjection),
  clusterTrustBundle: optional(5, ClusterTrustBundleProjection),
  podCertificate: optional(6, PodCertificateProjection),
})
export interface VolumeProjection extends Infer<typeof VolumeProjection> {}

export const ProjectedVolumeSource = message("io.k8s.api.core.v1.ProjectedVolumeSource", {
  sources: always(1, list(VolumeProjection)),
  defaultMode: optional(2, int32, { default: 420 }),
})
export interface ProjectedVolumeSource extends Infer<typeof ProjectedVolumeSource> {}
