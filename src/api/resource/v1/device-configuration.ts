import { always, type Infer, message, optional, rawExtension, string } from "../../../apimachinery/schema.ts"

export const CELDeviceSelector = message("io.k8s.api.resource.v1.CELDeviceSelector", {
  expression: always(1, string, { required: true }),
})
export interface CELDeviceSelector extends Infer<typeof CELDeviceSelector> {}

export const DeviceSelector = message("io.k8s.api.resource.v1.DeviceSelector", {
  cel: optional(1, CELDeviceSelector),
})
export interface DeviceSelector extends Infer<typeof DeviceSelector> {}

export const OpaqueDeviceConfiguration = message("io.k8s.api.resource.v1.OpaqueDeviceConfiguration", {
  driver: always(1, string, { required: true }),
  parameters: always(2, rawExtension, { required: true }),
})
export interface OpaqueDeviceConfiguration extends Infer<typeof OpaqueDeviceConfiguration> {}

export const DeviceConfiguration = message("io.k8s.api.resource.v1.DeviceConfiguration", {
  opaque: optional(1, OpaqueDeviceConfiguration),
})
export interface DeviceConfiguration extends Infer<typeof DeviceConfiguration> {}
