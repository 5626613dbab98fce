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
import { ageColumn, column, nameColumn, wideColumn } from "../../columns.ts"
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
    column("Capacity", "Its size.", ({ spec }) => spec.capacity?.["storage"] ?? "0"),
    column("Access Modes", "How it may be mounted.", ({ spec }) => formatAccessModes(spec.accessModes)),
    column(
      "Reclaim Policy",
      "What happens to it after its claim.",
      ({ spec }) => spec.persistentVolumeReclaimPolicy ?? "",
    ),
    column("Status", "Whether it is free or taken.", formatPhase),
    column("Claim", "Who has it.", ({ spec }) =>
      spec.claimRef ? `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}` : "",
    ),
    column(
      "StorageClass",
      "Its class.",
      ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? "",
    ),
    column(
      "VolumeAttributesClass",
      "The class of its attributes.",
      ({ spec }) => spec.volumeAttributesClassName ?? "<unset>",
    ),
    column("Reason", "Why it is in this state.", ({ status }) => status.reason ?? ""),
    ageColumn,
    wideColumn("VolumeMode", "File system or block device.", ({ spec }) => spec.volumeMode ?? "<unset>"),
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
