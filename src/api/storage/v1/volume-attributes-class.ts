import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, mapOf, message, string } from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const VolumeAttributesClassSchema = message("io.k8s.api.storage.v1.VolumeAttributesClass", {
  ...objectFields,
  driverName: always(2, string, { required: true }),
  parameters: field(3, mapOf(string)),
})
/** Attributes of a volume that can change while it lives. */
export interface VolumeAttributesClass extends Infer<typeof VolumeAttributesClassSchema> {}

export const VolumeAttributesClass = resource<VolumeAttributesClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  namespaced: false,
  shortNames: ["vac"],
  columns: [
    nameColumn,
    column(
      "DriverName",
      textOf("storage.v1.VolumeAttributesClass", "driverName"),
      ({ driverName }) => driverName,
    ),
    ageColumn,
  ],
  schema: VolumeAttributesClassSchema,
})
