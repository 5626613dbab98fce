import { otherVersion } from "../../other-version.ts"
import { DeviceTaintRule as V1alpha3DeviceTaintRule } from "../v1alpha3/device-taint-rule.ts"

/** The same as in v1alpha3. */
export type DeviceTaintRule = V1alpha3DeviceTaintRule
export const DeviceTaintRule = otherVersion(V1alpha3DeviceTaintRule, "v1beta2")
