import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"

// Volume sources that pods and PersistentVolumes declare alike; most are in-tree drivers of the past.

export const HostPathType = enumeration(
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
)
export type HostPathType = Infer<typeof HostPathType>

export const HostPathVolumeSource = message("io.k8s.api.core.v1.HostPathVolumeSource", {
  path: always(1, string, { required: true }),
  type: optional(2, HostPathType, { default: "" }),
})
export interface HostPathVolumeSource extends Infer<typeof HostPathVolumeSource> {}

export const GCEPersistentDiskVolumeSource = message("io.k8s.api.core.v1.GCEPersistentDiskVolumeSource", {
  pdName: always(1, string, { required: true }),
  fsType: field(2, string),
  partition: field(3, int32),
  readOnly: field(4, bool),
})
export interface GCEPersistentDiskVolumeSource extends Infer<typeof GCEPersistentDiskVolumeSource> {}

export const AWSElasticBlockStoreVolumeSource = message(
  "io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource",
  {
    volumeID: always(1, string, { required: true }),
    fsType: field(2, string),
    partition: field(3, int32),
    readOnly: field(4, bool),
  },
)
export interface AWSElasticBlockStoreVolumeSource extends Infer<typeof AWSElasticBlockStoreVolumeSource> {}

export const NFSVolumeSource = message("io.k8s.api.core.v1.NFSVolumeSource", {
  server: always(1, string, { required: true }),
  path: always(2, string, { required: true }),
  readOnly: field(3, bool),
})
export interface NFSVolumeSource extends Infer<typeof NFSVolumeSource> {}

export const FlockerVolumeSource = message("io.k8s.api.core.v1.FlockerVolumeSource", {
  datasetName: field(1, string),
  datasetUUID: field(2, string),
})
export interface FlockerVolumeSource extends Infer<typeof FlockerVolumeSource> {}

export const FCVolumeSource = message("io.k8s.api.core.v1.FCVolumeSource", {
  targetWWNs: field(1, list(string)),
  lun: optional(2, int32),
  fsType: field(3, string),
  readOnly: field(4, bool),
  wwids: field(5, list(string)),
})
export interface FCVolumeSource extends Infer<typeof FCVolumeSource> {}

export const VsphereVirtualDiskVolumeSource = message("io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource", {
  volumePath: always(1, string, { required: true }),
  fsType: field(2, string),
  storagePolicyName: field(3, string),
  storagePolicyID: field(4, string),
})
export interface VsphereVirtualDiskVolumeSource extends Infer<typeof VsphereVirtualDiskVolumeSource> {}

export const QuobyteVolumeSource = message("io.k8s.api.core.v1.QuobyteVolumeSource", {
  registry: always(1, string, { required: true }),
  volume: always(2, string, { required: true }),
  readOnly: field(3, bool),
  user: field(4, string),
  group: field(5, string),
  tenant: field(6, string),
})
export interface QuobyteVolumeSource extends Infer<typeof QuobyteVolumeSource> {}

export const AzureDataDiskCachingMode = enumeration("None", "ReadOnly", "ReadWrite")
export type AzureDataDiskCachingMode = Infer<typeof AzureDataDiskCachingMode>

export const AzureDataDiskKind = enumeration("Dedicated", "Managed", "Shared")
export type AzureDataDiskKind = Infer<typeof AzureDataDiskKind>

export const AzureDiskVolumeSource = message("io.k8s.api.core.v1.AzureDiskVolumeSource", {
  diskName: always(1, string, { required: true }),
  diskURI: always(2, string, { required: true }),
  cachingMode: optional(3, AzureDataDiskCachingMode, { default: "ReadWrite" }),
  fsType: optional(4, string, { default: "ext4" }),
  readOnly: optional(5, bool, { default: false }),
  kind: optional(6, AzureDataDiskKind, { default: "Shared" }),
})
export interface AzureDiskVolumeSource extends Infer<typeof AzureDiskVolumeSource> {}

export const PhotonPersistentDiskVolumeSource = message(
  "io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource",
  {
    pdID: always(1, string, { required: true }),
    fsType: field(2, string),
  },
)
export interface PhotonPersistentDiskVolumeSource extends Infer<typeof PhotonPersistentDiskVolumeSource> {}

export const PortworxVolumeSource = message("io.k8s.api.core.v1.PortworxVolumeSource", {
  volumeID: always(1, string, { required: true }),
  fsType: field(2, string),
  readOnly: field(3, bool),
})
export interface PortworxVolumeSource extends Infer<typeof PortworxVolumeSource> {}
