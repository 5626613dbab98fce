import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  inline,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf, wideColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { NodeSelector } from "./node-selector.ts"
import { ObjectReference } from "./object-reference.ts"
import { PersistentVolumeAccessMode, PersistentVolumeMode } from "./persistent-volume-claim.ts"
import { PersistentVolumeSource } from "./persistent-volume-source.ts"
import { ResourceList } from "./resource-requirements.ts"
import { classAnnotation, formatAccessModes } from "./access-modes.ts"

export const PersistentVolumeReclaimPolicy = enumeration("Delete", "Recycle", "Retain")
export type PersistentVolumeReclaimPolicy = Infer<typeof PersistentVolumeReclaimPolicy>

export const VolumeNodeAffinity = message("io.k8s.api.core.v1.VolumeNodeAffinity", {
  required: optional(1, NodeSelector),
})
export interface VolumeNodeAffinity extends Infer<typeof VolumeNodeAffinity> {}

export const PersistentVolumeSpec = message("io.k8s.api.core.v1.PersistentVolumeSpec", {
  capacity: field(1, ResourceList),
  ...inline(2, PersistentVolumeSource),
  accessModes: field(3, list(PersistentVolumeAccessMode)),
  claimRef: optional(4, ObjectReference),
  persistentVolumeReclaimPolicy: field(5, PersistentVolumeReclaimPolicy),
  storageClassName: field(6, string),
  mountOptions: field(7, list(string)),
  volumeMode: optional(8, PersistentVolumeMode),
  nodeAffinity: optional(9, VolumeNodeAffinity),
  volumeAttributesClassName: optional(10, string),
})
export interface PersistentVolumeSpec extends Infer<typeof PersistentVolumeSpec> {}

export const PersistentVolumePhase = enumeration("Available", "Bound", "Failed", "Pending", "Released")
export type PersistentVolumePhase = Infer<typeof PersistentVolumePhase>

export const PersistentVolumeStatus = message("io.k8s.api.core.v1.PersistentVolumeStatus", {
  phase: field(1, PersistentVolumePhase, { default: "Pending" }),
  message: field(2, string),
  reason: field(3, string),
  lastPhaseTransitionTime: optional(4, time),
})
export interface PersistentVolumeStatus extends Infer<typeof PersistentVolumeStatus> {}

export const PersistentVolumeSchema = message(
  "io.k8s.api.core.v1.PersistentVolume",
  {
    ...objectFields,
    spec: always(2, PersistentVolumeSpec),
    status: always(3, PersistentVolumeStatus),
  },
  { applyDefaults: (volume) => defaultPersistentVolume(volume) },
)
/** A piece of storage with a life of its own, apart from any pod. */
export interface PersistentVolume extends Infer<typeof PersistentVolumeSchema> {}

export const PersistentVolume = resource<PersistentVolume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  namespaced: false,
  shortNames: ["pv"],
  hasStatus: true,
  columns: [
    nameColumn,
    column(
      "Capacity",
      textOf("core.v1.PersistentVolumeSpec", "capacity"),
      ({ spec }) => spec.capacity?.["storage"] ?? "0",
    ),
    column("Access Modes", textOf("core.v1.PersistentVolumeSpec", "accessModes"), ({ spec }) =>
      formatAccessModes(spec.accessModes),
    ),
    column(
      "Reclaim Policy",
      textOf("core.v1.PersistentVolumeSpec", "persistentVolumeReclaimPolicy"),
      ({ spec }) => spec.persistentVolumeReclaimPolicy ?? "",
    ),
    column("Status", textOf("core.v1.PersistentVolumeStatus", "phase"), formatPhase),
    column(
      "Claim",
      "claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding",
      ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}` : ""),
    ),
    column(
      "StorageClass",
      "StorageClass of the pv",
      ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? "",
    ),
    column(
      "VolumeAttributesClass",
      "VolumeAttributesClass of the pv",
      ({ spec }) => spec.volumeAttributesClassName ?? "<unset>",
    ),
    column("Reason", textOf("core.v1.PersistentVolumeStatus", "reason"), ({ status }) => status.reason ?? ""),
    ageColumn,
    wideColumn(
      "VolumeMode",
      textOf("core.v1.PersistentVolumeSpec", "volumeMode"),
      ({ spec }) => spec.volumeMode ?? "<unset>",
    ),
  ],
  schema: PersistentVolumeSchema,
})

/** Not those of its spec: that stands in a VolumeAttachment too, where nothing is set. */
function defaultPersistentVolume({ spec }: PersistentVolume): void {
  spec.persistentVolumeReclaimPolicy ||= "Retain"
  spec.volumeMode ??= "Filesystem"
}

function formatPhase({ metadata, status }: PersistentVolume): string {
  return metadata.deletionTimestamp ? "Terminating" : status.phase
}
