import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message, optional, quantity, string } from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const CSIStorageCapacitySchema = message("io.k8s.api.storage.v1.CSIStorageCapacity", {
  ...objectFields,
  nodeTopology: optional(2, LabelSelector),
  storageClassName: always(3, string, { required: true }),
  capacity: optional(4, quantity),
  maximumVolumeSize: optional(5, quantity),
})
/** How much a storage driver has left, by topology. */
export interface CSIStorageCapacity extends Infer<typeof CSIStorageCapacitySchema> {}

export const CSIStorageCapacity = resource<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  namespaced: true,
  schema: CSIStorageCapacitySchema,
})
