import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  inline,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { DeviceConfiguration, DeviceSelector } from "./device-configuration.ts"

export const DeviceClassConfiguration = message("io.k8s.api.resource.v1beta1.DeviceClassConfiguration", {
  ...inline(1, DeviceConfiguration),
})
export interface DeviceClassConfiguration extends Infer<typeof DeviceClassConfiguration> {}

export const DeviceClassSpec = message("io.k8s.api.resource.v1beta1.DeviceClassSpec", {
  selectors: field(1, list(DeviceSelector)),
  config: field(2, list(DeviceClassConfiguration)),
  extendedResourceName: optional(4, string),
})
export interface DeviceClassSpec extends Infer<typeof DeviceClassSpec> {}

export const DeviceClassSchema = message("io.k8s.api.resource.v1beta1.DeviceClass", {
  ...objectFields,
  spec: always(2, DeviceClassSpec, { required: true }),
})
/** A sort of device that claims may ask for. */
export interface DeviceClass extends Infer<typeof DeviceClassSchema> {}

export const DeviceClass = resource<DeviceClass>({
  group: "resource.k8s.io",
  version: "v1beta1",
  kind: "DeviceClass",
  plural: "deviceclasses",
  namespaced: false,
  storedAs: { group: "resource.k8s.io", version: "v1" },
  columns: [nameColumn, ageColumn],
  schema: DeviceClassSchema,
})
