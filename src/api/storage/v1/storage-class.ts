import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  list,
  mapOf,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { TopologySelectorTerm } from "../../core/v1/node-selector.ts"
import { PersistentVolumeReclaimPolicy } from "../../core/v1/persistent-volume.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const VolumeBindingMode = enumeration("Immediate", "WaitForFirstConsumer")
export type VolumeBindingMode = Infer<typeof VolumeBindingMode>

export const StorageClassSchema = message("io.k8s.api.storage.v1.StorageClass", {
  ...objectFields,
  provisioner: always(2, string, { required: true }),
  parameters: field(3, mapOf(string)),
  reclaimPolicy: optional(4, PersistentVolumeReclaimPolicy, { default: "Delete" }),
  mountOptions: field(5, list(string)),
  allowVolumeExpansion: optional(6, bool),
  volumeBindingMode: optional(7, VolumeBindingMode, { default: "Immediate" }),
  allowedTopologies: field(8, list(TopologySelectorTerm)),
})
/** A sort of storage that claims may ask for, and who provisions it. */
export interface StorageClass extends Infer<typeof StorageClassSchema> {}

export const StorageClass = resource<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  namespaced: false,
  shortNames: ["sc"],
  columns: [
    { ...nameColumn, cell: formatName },
    column("Provisioner", textOf("storage.v1.StorageClass", "provisioner"), ({ provisioner }) => provisioner),
    column(
      "ReclaimPolicy",
      textOf("storage.v1.StorageClass", "reclaimPolicy"),
      ({ reclaimPolicy }) => reclaimPolicy,
    ),
    column(
      "VolumeBindingMode",
      textOf("storage.v1.StorageClass", "volumeBindingMode"),
      ({ volumeBindingMode }) => volumeBindingMode,
    ),
    column(
      "AllowVolumeExpansion",
      textOf("storage.v1.StorageClass", "allowVolumeExpansion"),
      ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    ),
    ageColumn,
  ],
  schema: StorageClassSchema,
})

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
]

function formatName({ metadata }: StorageClass): string {
  const isDefault = defaultAnnotations.some((annotation) => metadata.annotations?.[annotation] === "true")
  return isDefault ? `${metadata.name} (default)` : metadata.name
}
