import { otherVersion } from "../../other-version.ts"
import { ResourceSlice as V1ResourceSlice } from "../v1/resource-slice.ts"

/** The same as in v1. */
export type ResourceSlice = V1ResourceSlice
export const ResourceSlice = otherVersion(V1ResourceSlice, "v1beta2")
