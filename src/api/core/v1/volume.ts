import { ObjectMeta } from "../../../apimachinery/meta.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  inline,
  int32,
  list,
  mapOf,
  message,
  optional,
  quantity,
  string,
} from "../../../apimachinery/schema.ts"
import { DownwardAPIVolumeSource } from "./downward-api.ts"
import { LocalObjectReference } from "./object-reference.ts"
import { PersistentVolumeClaimSpec } from "./persistent-volume-claim.ts"
import { KeyToPath, ProjectedVolumeSource } from "./projected-volume.ts"
import {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  PhotonPersistentDiskVolumeSource,
  PortworxVolumeSource,
  QuobyteVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from "./shared-volume-source.ts"
import { defaultVolume } from "./pod-defaults.ts"

// What a pod may mount.

export const EmptyDirVolumeSource = message("io.k8s.api.core.v1.EmptyDirVolumeSource", {
  medium: field(1, string),
  sizeLimit: optional(2, quantity),
})
export interface EmptyDirVolumeSource extends Infer<typeof EmptyDirVolumeSource> {}

export const GitRepoVolumeSource = message("io.k8s.api.core.v1.GitRepoVolumeSource", {
  repository: always(1, string, { required: true }),
  revision: field(2, string),
  directory: field(3, string),
})
export interface GitRepoVolumeSource extends Infer<typeof GitRepoVolumeSource> {}

export const SecretVolumeSource = message("io.k8s.api.core.v1.SecretVolumeSource", {
  secretName: field(1, string),
  items: field(2, list(KeyToPath)),
  defaultMode: optional(3, int32, { default: 420 }),
  optional: optional(4, bool),
})
export interface SecretVolumeSource extends Infer<typeof SecretVolumeSource> {}

export const ISCSIVolumeSource = message("io.k8s.api.core.v1.ISCSIVolumeSource", {
  targetPortal: always(1, string, { required: true }),
  iqn: always(2, string, { required: true }),
  lun: always(3, int32, { required: true }),
  iscsiInterface: field(4, string, { default: "default" }),
  fsType: field(5, string),
  readOnly: field(6, bool),
  portals: field(7, list(string)),
  chapAuthDiscovery: field(8, bool),
  chapAuthSession: field(11, bool),
  secretRef: optional(10, LocalObjectReference),
  initiatorName: optional(12, string),
})
export interface ISCSIVolumeSource extends Infer<typeof ISCSIVolumeSource> {}

export const GlusterfsVolumeSource = message("io.k8s.api.core.v1.GlusterfsVolumeSource", {
  endpoints: always(1, string, { required: true }),
  path: always(2, string, { required: true }),
  readOnly: field(3, bool),
})
export interface GlusterfsVolumeSource extends Infer<typeof GlusterfsVolumeSource> {}

export const PersistentVolumeClaimVolumeSource = message(
  "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource",
  {
    claimName: always(1, string, { required: true }),
    readOnly: field(2, bool),
  },
)
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof PersistentVolumeClaimVolumeSource> {}

export const RBDVolumeSource = message("io.k8s.api.core.v1.RBDVolumeSource", {
  monitors: always(1, list(string), { required: true }),
  image: always(2, string, { required: true }),
  fsType: field(3, string),
  pool: field(4, string, { default: "rbd" }),
  user: field(5, string, { default: "admin" }),
  keyring: field(6, string, { default: "/etc/ceph/keyring" }),
  secretRef: optional(7, LocalObjectReference),
  readOnly: field(8, bool),
})
export interface RBDVolumeSource extends Infer<typeof RBDVolumeSource> {}

export const FlexVolumeSource = message("io.k8s.api.core.v1.FlexVolumeSource", {
  driver: always(1, string, { required: true }),
  fsType: field(2, string),
  secretRef: optional(3, LocalObjectReference),
  readOnly: field(4, bool),
  options: field(5, mapOf(string)),
})
export interface FlexVolumeSource extends Infer<typeof FlexVolumeSource> {}

export const CinderVolumeSource = message("io.k8s.api.core.v1.CinderVolumeSource", {
  volumeID: always(1, string, { required: true }),
  fsType: field(2, string),
  readOnly: field(3, bool),
  secretRef: optional(4, LocalObjectReference),
})
export interface CinderVolumeSource extends Infer<typeof CinderVolumeSource> {}

export const CephFSVolumeSource = message("io.k8s.api.core.v1.CephFSVolumeSource", {
  monitors: always(1, list(string), { required: true }),
  path: field(2, string),
  user: field(3, string),
  secretFile: field(4, string),
  secretRef: optional(5, LocalObjectReference),
  readOnly: field(6, bool),
})
export interface CephFSVolumeSource extends Infer<typeof CephFSVolumeSource> {}

export const AzureFileVolumeSource = message("io.k8s.api.core.v1.AzureFileVolumeSource", {
  secretName: always(1, string, { required: true }),
  shareName: always(2, string, { required: true }),
  readOnly: field(3, bool),
})
export interface AzureFileVolumeSource extends Infer<typeof AzureFileVolumeSource> {}

export const ConfigMapVolumeSource = message("io.k8s.api.core.v1.ConfigMapVolumeSource", {
  ...inline(1, LocalObjectReference),
  items: field(2, list(KeyToPath)),
  defaultMode: optional(3, int32, { default: 420 }),
  optional: optional(4, bool),
})
export interface ConfigMapVolumeSource extends Infer<typeof ConfigMapVolumeSource> {}

export const ScaleIOVolumeSource = message("io.k8s.api.core.v1.ScaleIOVolumeSource", {
  gateway: always(1, string, { required: true }),
  system: always(2, string, { required: true }),
  secretRef: optional(3, LocalObjectReference, { required: true }),
  sslEnabled: field(4, bool),
  protectionDomain: field(5, string),
  storagePool: field(6, string),
  storageMode: field(7, string, { default: "ThinProvisioned" }),
  volumeName: field(8, string),
  fsType: field(9, string, { default: "xfs" }),
  readOnly: field(10, bool),
})
export interface ScaleIOVolumeSource extends Infer<typeof ScaleIOVolumeSource> {}

export const StorageOSVolumeSource = message("io.k8s.api.core.v1.StorageOSVolumeSource", {
  volumeName: field(1, string),
  volumeNamespace: field(2, string),
  fsType: field(3, string),
  readOnly: field(4, bool),
  secretRef: optional(5, LocalObjectReference),
})
export interface StorageOSVolumeSource extends Infer<typeof StorageOSVolumeSource> {}

export const CSIVolumeSource = message("io.k8s.api.core.v1.CSIVolumeSource", {
  driver: always(1, string, { required: true }),
  readOnly: optional(2, bool),
  fsType: optional(3, string),
  volumeAttributes: field(4, mapOf(string)),
  nodePublishSecretRef: optional(5, LocalObjectReference),
})
export interface CSIVolumeSource extends Infer<typeof CSIVolumeSource> {}

export const PersistentVolumeClaimTemplate = message("io.k8s.api.core.v1.PersistentVolumeClaimTemplate", {
  metadata: always(1, ObjectMeta),
  spec: always(2, PersistentVolumeClaimSpec, { required: true }),
})
export interface PersistentVolumeClaimTemplate extends Infer<typeof PersistentVolumeClaimTemplate> {}

export const EphemeralVolumeSource = message("io.k8s.api.core.v1.EphemeralVolumeSource", {
  volumeClaimTemplate: optional(1, PersistentVolumeClaimTemplate),
})
export interface EphemeralVolumeSource extends Infer<typeof EphemeralVolumeSource> {}

export const PullPolicy = enumeration("Always", "IfNotPresent", "Never")
export type PullPolicy = Infer<typeof PullPolicy>

export const ImageVolumeSource = message("io.k8s.api.core.v1.ImageVolumeSource", {
  reference: field(1, string),
  pullPolicy: field(2, PullPolicy),
})
export interface ImageVolumeSource extends Infer<typeof ImageVolumeSource> {}

export const VolumeSource = message("io.k8s.api.core.v1.VolumeSource", {
  hostPath: optional(1, HostPathVolumeSource),
  emptyDir: optional(2, EmptyDirVolumeSource),
  gcePersistentDisk: optional(3, GCEPersistentDiskVolumeSource),
  awsElasticBlockStore: optional(4, AWSElasticBlockStoreVolumeSource),
  gitRepo: optional(5, GitRepoVolumeSource),
  secret: optional(6, SecretVolumeSource),
  nfs: optional(7, NFSVolumeSource),
  iscsi: optional(8, ISCSIVolumeSource),
  glusterfs: optional(9, GlusterfsVolumeSource),
  persistentVolumeClaim: optional(10, PersistentVolumeClaimVolumeSource),
  rbd: optional(11, RBDVolumeSource),
  flexVolume: optional(12, FlexVolumeSource),
  cinder: optional(13, CinderVolumeSource),
  cephfs: optional(14, CephFSVolumeSource),
  flocker: optional(15, FlockerVolumeSource),
  downwardAPI: optional(16, DownwardAPIVolumeSource),
  fc: optional(17, FCVolumeSource),
  azureFile: optional(18, AzureFileVolumeSource),
  configMap: optional(19, ConfigMapVolumeSource),
  vsphereVolume: optional(20, VsphereVirtualDiskVolumeSource),
  quobyte: optional(21, QuobyteVolumeSource),
  azureDisk: optional(22, AzureDiskVolumeSource),
  photonPersistentDisk: optional(23, PhotonPersistentDiskVolumeSource),
  projected: optional(26, ProjectedVolumeSource),
  portworxVolume: optional(24, PortworxVolumeSource),
  scaleIO: optional(25, ScaleIOVolumeSource),
  storageos: optional(27, StorageOSVolumeSource),
  csi: optional(28, CSIVolumeSource),
  ephemeral: optional(29, EphemeralVolumeSource),
  image: optional(30, ImageVolumeSource),
})
export interface VolumeSource extends Infer<typeof VolumeSource> {}

export const Volume = message(
  "io.k8s.api.core.v1.Volume",
  {
    name: always(1, string, { required: true }),
    ...inline(2, VolumeSource),
  },
  { applyDefaults: (volume) => defaultVolume(volume) },
)
export interface Volume extends Infer<typeof Volume> {}
