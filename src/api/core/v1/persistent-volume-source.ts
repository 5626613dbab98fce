import {
  always,
  bool,
  field,
  type Infer,
  int32,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ObjectReference, SecretReference } from "./object-reference.ts"
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

// Where a PersistentVolume's bytes are; secrets are named with their namespace here.

export const GlusterfsPersistentVolumeSource = message("io.k8s.api.core.v1.GlusterfsPersistentVolumeSource", {
  endpoints: always(1, string, { required: true }),
  path: always(2, string, { required: true }),
  readOnly: field(3, bool),
  endpointsNamespace: optional(4, string),
})
export interface GlusterfsPersistentVolumeSource extends Infer<typeof GlusterfsPersistentVolumeSource> {}

export const RBDPersistentVolumeSource = message("io.k8s.api.core.v1.RBDPersistentVolumeSource", {
  monitors: always(1, list(string), { required: true }),
  image: always(2, string, { required: true }),
  fsType: field(3, string),
  pool: field(4, string, { default: "rbd" }),
  user: field(5, string, { default: "admin" }),
  keyring: field(6, string, { default: "/etc/ceph/keyring" }),
  secretRef: optional(7, SecretReference),
  readOnly: field(8, bool),
})
export interface RBDPersistentVolumeSource extends Infer<typeof RBDPersistentVolumeSource> {}

export const ISCSIPersistentVolumeSource = message("io.k8s.api.core.v1.ISCSIPersistentVolumeSource", {
  targetPortal: always(1, string, { required: true }),
  iqn: always(2, string, { required: true }),
  lun: always(3, int32, { required: true }),
  iscsiInterface: field(4, string, { default: "default" }),
  fsType: field(5, string),
  readOnly: field(6, bool),
  portals: field(7, list(string)),
  chapAuthDiscovery: field(8, bool),
  chapAuthSession: field(11, bool),
  secretRef: optional(10, SecretReference),
  initiatorName: optional(12, string),
})
export interface ISCSIPersistentVolumeSource extends Infer<typeof ISCSIPersistentVolumeSource> {}

export const CinderPersistentVolumeSource = message("io.k8s.api.core.v1.CinderPersistentVolumeSource", {
  volumeID: always(1, string, { required: true }),
  fsType: field(2, string),
  readOnly: field(3, bool),
  secretRef: optional(4, SecretReference),
})
export interface CinderPersistentVolumeSource extends Infer<typeof CinderPersistentVolumeSource> {}

export const CephFSPersistentVolumeSource = message("io.k8s.api.core.v1.CephFSPersistentVolumeSource", {
  monitors: always(1, list(string), { required: true }),
  path: field(2, string),
  user: field(3, string),
  secretFile: field(4, string),
  secretRef: optional(5, SecretReference),
  readOnly: field(6, bool),
})
export interface CephFSPersistentVolumeSource extends Infer<typeof CephFSPersistentVolumeSource> {}

export const FlexPersistentVolumeSource = message("io.k8s.api.core.v1.FlexPersistentVolumeSource", {
  driver: always(1, string, { required: true }),
  fsType: field(2, string),
  secretRef: optional(3, SecretReference),
  readOnly: field(4, bool),
  options: field(5, mapOf(string)),
})
export interface FlexPersistentVolumeSource extends Infer<typeof FlexPersistentVolumeSource> {}

export const AzureFilePersistentVolumeSource = message("io.k8s.api.core.v1.AzureFilePersistentVolumeSource", {
  secretName: always(1, string, { required: true }),
  shareName: always(2, string, { required: true }),
  readOnly: field(3, bool),
  secretNamespace: optional(4, string, { writtenAsNull: true }),
})
export interface AzureFilePersistentVolumeSource extends Infer<typeof AzureFilePersistentVolumeSource> {}

export const ScaleIOPersistentVolumeSource = message("io.k8s.api.core.v1.ScaleIOPersistentVolumeSource", {
  gateway: always(1, string, { required: true }),
  system: always(2, string, { required: true }),
  secretRef: optional(3, SecretReference, { required: true }),
  sslEnabled: field(4, bool),
  protectionDomain: field(5, string),
  storagePool: field(6, string),
  storageMode: field(7, string, { default: "ThinProvisioned" }),
  volumeName: field(8, string),
  fsType: field(9, string, { default: "xfs" }),
  readOnly: field(10, bool),
})
export interface ScaleIOPersistentVolumeSource extends Infer<typeof ScaleIOPersistentVolumeSource> {}

export const LocalVolumeSource = message("io.k8s.api.core.v1.LocalVolumeSource", {
  path: always(1, string, { required: true }),
  fsType: optional(2, string),
})
export interface LocalVolumeSource extends Infer<typeof LocalVolumeSource> {}

export const StorageOSPersistentVolumeSource = message("io.k8s.api.core.v1.StorageOSPersistentVolumeSource", {
  volumeName: field(1, string),
  volumeNamespace: field(2, string),
  fsType: field(3, string),
  readOnly: field(4, bool),
  secretRef: optional(5, ObjectReference),
})
export interface StorageOSPersistentVolumeSource extends Infer<typeof StorageOSPersistentVolumeSource> {}

export const CSIPersistentVolumeSource = message("io.k8s.api.core.v1.CSIPersistentVolumeSource", {
  driver: always(1, string, { required: true }),
  volumeHandle: always(2, string, { required: true }),
  readOnly: field(3, bool),
  fsType: field(4, string),
  volumeAttributes: field(5, mapOf(string)),
  controllerPublishSecretRef: optional(6, SecretReference),
  nodeStageSecretRef: optional(7, SecretReference),
  nodePublishSecretRef: optional(8, SecretReference),
  controllerExpandSecretRef: optional(9, SecretReference),
  nodeExpandSecretRef: optional(10, SecretReference),
})
export interface CSIPersistentVolumeSource extends Infer<typeof CSIPersistentVolumeSource> {}

export const PersistentVolumeSource = message("io.k8s.api.core.v1.PersistentVolumeSource", {
  gcePersistentDisk: optional(1, GCEPersistentDiskVolumeSource),
  awsElasticBlockStore: optional(2, AWSElasticBlockStoreVolumeSource),
  hostPath: optional(3, HostPathVolumeSource),
  glusterfs: optional(4, GlusterfsPersistentVolumeSource),
  nfs: optional(5, NFSVolumeSource),
  rbd: optional(6, RBDPersistentVolumeSource),
  iscsi: optional(7, ISCSIPersistentVolumeSource),
  cinder: optional(8, CinderPersistentVolumeSource),
  cephfs: optional(9, CephFSPersistentVolumeSource),
  fc: optional(10, FCVolumeSource),
  flocker: optional(11, FlockerVolumeSource),
  flexVolume: optional(12, FlexPersistentVolumeSource),
  azureFile: optional(13, AzureFilePersistentVolumeSource),
  vsphereVolume: optional(14, VsphereVirtualDiskVolumeSource),
  quobyte: optional(15, QuobyteVolumeSource),
  azureDisk: optional(16, AzureDiskVolumeSource),
  photonPersistentDisk: optional(17, PhotonPersistentDiskVolumeSource),
  portworxVolume: optional(18, PortworxVolumeSource),
  scaleIO: optional(19, ScaleIOPersistentVolumeSource),
  local: optional(20, LocalVolumeSource),
  storageos: optional(21, StorageOSPersistentVolumeSource),
  csi: optional(22, CSIPersistentVolumeSource),
})
export interface PersistentVolumeSource extends Infer<typeof PersistentVolumeSource> {}
