import { otherVersion } from "../../other-version.ts"
import { DeviceClass as V1DeviceClass } from "../v1/device-class.ts"

/** The same as in v1. */
export type DeviceClass = V1DeviceClass
export const DeviceClass = otherVersion(V1DeviceClass, "v1beta1")
