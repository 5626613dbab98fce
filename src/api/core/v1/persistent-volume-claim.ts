import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  list,
  mapOf,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf, wideColumn } from "../../columns.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { TypedLocalObjectReference, TypedObjectReference } from "./object-reference.ts"
import { ResourceList, VolumeResourceRequirements } from "./resource-requirements.ts"
import { classAnnotation, formatAccessModes } from "./access-modes.ts"

export const PersistentVolumeAccessMode = enumeration(
  "ReadOnlyMany",
  "ReadWriteMany",
  "ReadWriteOnce",
  "ReadWriteOncePod",
)
export type PersistentVolumeAccessMode = Infer<typeof PersistentVolumeAccessMode>

export const PersistentVolumeMode = enumeration("Block", "Filesystem")
export type PersistentVolumeMode = Infer<typeof PersistentVolumeMode>

export const PersistentVolumeClaimSpec = message("io.k8s.api.core.v1.PersistentVolumeClaimSpec", {
  accessModes: field(1, list(PersistentVolumeAccessMode)),
  selector: optional(4, LabelSelector),
  resources: always(2, VolumeResourceRequirements),
  volumeName: field(3, string),
  storageClassName: optional(5, string),
  volumeMode: optional(6, PersistentVolumeMode, { default: "Filesystem" }),
  dataSource: optional(7, TypedLocalObjectReference),
  dataSourceRef: optional(8, TypedObjectReference),
  volumeAttributesClassName: optional(9, string),
})
export interface PersistentVolumeClaimSpec extends Infer<typeof PersistentVolumeClaimSpec> {}

export const PersistentVolumeClaimPhase = enumeration("Bound", "Lost", "Pending")
export type PersistentVolumeClaimPhase = Infer<typeof PersistentVolumeClaimPhase>

export const PersistentVolumeClaimCondition = message("io.k8s.api.core.v1.PersistentVolumeClaimCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastProbeTime: always(3, time),
  lastTransitionTime: always(4, time),
  reason: field(5, string),
  message: field(6, string),
})
export interface PersistentVolumeClaimCondition extends Infer<typeof PersistentVolumeClaimCondition> {}

export const PersistentVolumeClaimModifyVolumeStatus = enumeration("InProgress", "Infeasible", "Pending")
export type PersistentVolumeClaimModifyVolumeStatus = Infer<typeof PersistentVolumeClaimModifyVolumeStatus>

export const ModifyVolumeStatus = message("io.k8s.api.core.v1.ModifyVolumeStatus", {
  targetVolumeAttributesClassName: field(1, string),
  status: always(2, PersistentVolumeClaimModifyVolumeStatus, { required: true }),
})
export interface ModifyVolumeStatus extends Infer<typeof ModifyVolumeStatus> {}

export const PersistentVolumeClaimStatus = message("io.k8s.api.core.v1.PersistentVolumeClaimStatus", {
  phase: field(1, PersistentVolumeClaimPhase, { default: "Pending" }),
  accessModes: field(2, list(PersistentVolumeAccessMode)),
  capacity: field(3, ResourceList),
  conditions: field(4, list(PersistentVolumeClaimCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
  allocatedResources: field(5, ResourceList),
  allocatedResourceStatuses: field(7, mapOf(string)),
  currentVolumeAttributesClassName: optional(8, string),
  modifyVolumeStatus: optional(9, ModifyVolumeStatus),
})
export interface PersistentVolumeClaimStatus extends Infer<typeof PersistentVolumeClaimStatus> {}

export const PersistentVolumeClaimSchema = message("io.k8s.api.core.v1.PersistentVolumeClaim", {
  ...objectFields,
  spec: always(2, PersistentVolumeClaimSpec),
  status: always(3, PersistentVolumeClaimStatus),
})
/** A wish for storage, bound to the PersistentVolume that grants it. */
export interface PersistentVolumeClaim extends Infer<typeof PersistentVolumeClaimSchema> {}

export const PersistentVolumeClaim = resource<PersistentVolumeClaim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  namespaced: true,
  shortNames: ["pvc"],
  hasStatus: true,
  columns: [
    nameColumn,
    column("Status", textOf("core.v1.PersistentVolumeClaimStatus", "phase"), ({ metadata, status }) =>
      metadata.deletionTimestamp ? "Terminating" : status.phase,
    ),
    column(
      "Volume",
      textOf("core.v1.PersistentVolumeClaimSpec", "volumeName"),
      ({ spec }) => spec.volumeName ?? "",
    ),
    column("Capacity", textOf("core.v1.PersistentVolumeClaimStatus", "capacity"), ({ spec, status }) =>
      spec.volumeName ? (status.capacity?.["storage"] ?? "0") : "",
    ),
    column(
      "Access Modes",
      textOf("core.v1.PersistentVolumeClaimStatus", "accessModes"),
      ({ spec, status }) => (spec.volumeName ? formatAccessModes(status.accessModes) : ""),
    ),
    column(
      "StorageClass",
      "StorageClass of the pvc",
      ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? "",
    ),
    column(
      "VolumeAttributesClass",
      "VolumeAttributesClass of the pvc",
      ({ spec }) => spec.volumeAttributesClassName ?? "<unset>",
    ),
    ageColumn,
    wideColumn(
      "VolumeMode",
      textOf("core.v1.PersistentVolumeClaimSpec", "volumeMode"),
      ({ spec }) => spec.volumeMode,
    ),
  ],
  schema: PersistentVolumeClaimSchema,
})
