import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, int32, list, message, optional, string } from "../../../apimachinery/schema.ts"
import { ageColumn, integerColumn, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const VolumeNodeResources = message("io.k8s.api.storage.v1.VolumeNodeResources", {
  count: optional(1, int32),
})
export interface VolumeNodeResources extends Infer<typeof VolumeNodeResources> {}

export const CSINodeDriver = message("io.k8s.api.storage.v1.CSINodeDriver", {
  name: always(1, string, { required: true }),
  nodeID: always(2, string, { required: true }),
  topologyKeys: always(3, list(string)),
  allocatable: optional(4, VolumeNodeResources),
})
export interface CSINodeDriver extends Infer<typeof CSINodeDriver> {}

export const CSINodeSpec = message("io.k8s.api.storage.v1.CSINodeSpec", {
  drivers: always(1, list(CSINodeDriver, { keys: ["name"] }), {
    required: true,
    patchStrategy: "merge",
    patchMergeKey: "name",
  }),
})
export interface CSINodeSpec extends Infer<typeof CSINodeSpec> {}

export const CSINodeSchema = message("io.k8s.api.storage.v1.CSINode", {
  ...objectFields,
  spec: always(2, CSINodeSpec, { required: true }),
})
/** The storage drivers on a node. */
export interface CSINode extends Infer<typeof CSINodeSchema> {}

export const CSINode = resource<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  plural: "csinodes",
  namespaced: false,
  columns: [
    nameColumn,
    integerColumn(
      "Drivers",
      "Drivers indicates the number of CSI drivers registered on the node",
      ({ spec }) => spec.drivers?.length ?? 0,
    ),
    ageColumn,
  ],
  schema: CSINodeSchema,
})
