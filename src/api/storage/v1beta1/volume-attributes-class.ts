import { otherVersion } from "../../other-version.ts"
import { VolumeAttributesClass as V1VolumeAttributesClass } from "../v1/volume-attributes-class.ts"

/** The same as in v1. */
export type VolumeAttributesClass = V1VolumeAttributesClass
export const VolumeAttributesClass = otherVersion(V1VolumeAttributesClass, "v1beta1")
