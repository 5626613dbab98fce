import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  field,
  type Infer,
  int32,
  mapOf,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, booleanColumn, column, nameColumn, textOf } from "../../columns.ts"
import { PersistentVolumeSpec } from "../../core/v1/persistent-volume.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const VolumeAttachmentSource = message("io.k8s.api.storage.v1.VolumeAttachmentSource", {
  persistentVolumeName: optional(1, string),
  inlineVolumeSpec: optional(2, PersistentVolumeSpec),
})
export interface VolumeAttachmentSource extends Infer<typeof VolumeAttachmentSource> {}

export const VolumeAttachmentSpec = message("io.k8s.api.storage.v1.VolumeAttachmentSpec", {
  attacher: always(1, string, { required: true }),
  source: always(2, VolumeAttachmentSource, { required: true }),
  nodeName: always(3, string, { required: true }),
})
export interface VolumeAttachmentSpec extends Infer<typeof VolumeAttachmentSpec> {}

export const VolumeError = message("io.k8s.api.storage.v1.VolumeError", {
  time: always(1, time),
  message: field(2, string),
  errorCode: optional(3, int32),
})
export interface VolumeError extends Infer<typeof VolumeError> {}

export const VolumeAttachmentStatus = message("io.k8s.api.storage.v1.VolumeAttachmentStatus", {
  attached: always(1, bool, { required: true }),
  attachmentMetadata: field(2, mapOf(string)),
  attachError: optional(3, VolumeError),
  detachError: optional(4, VolumeError),
})
export interface VolumeAttachmentStatus extends Infer<typeof VolumeAttachmentStatus> {}

export const VolumeAttachmentSchema = message("io.k8s.api.storage.v1.VolumeAttachment", {
  ...objectFields,
  spec: always(2, VolumeAttachmentSpec, { required: true }),
  status: always(3, VolumeAttachmentStatus),
})
/** That a volume is, or should be, attached to a node. */
export interface VolumeAttachment extends Infer<typeof VolumeAttachmentSchema> {}

export const VolumeAttachment = resource<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    {
      ...column(
        "Attacher",
        textOf("storage.v1.VolumeAttachmentSpec", "attacher"),
        ({ spec }) => spec.attacher,
      ),
      format: "name",
    },
    column(
      "PV",
      textOf("storage.v1.VolumeAttachmentSource", "persistentVolumeName"),
      ({ spec }) => spec.source.persistentVolumeName ?? "",
    ),
    column("Node", textOf("storage.v1.VolumeAttachmentSpec", "nodeName"), ({ spec }) => spec.nodeName),
    booleanColumn(
      "Attached",
      textOf("storage.v1.VolumeAttachmentStatus", "attached"),
      ({ status }) => status.attached,
    ),
    ageColumn,
  ],
  schema: VolumeAttachmentSchema,
})
