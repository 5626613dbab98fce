import { otherVersion } from "../../other-version.ts"
import { IPAddress as V1IPAddress } from "../v1/ip-address.ts"

/** The same as in v1. */
export type IPAddress = V1IPAddress
export const IPAddress = otherVersion(V1IPAddress, "v1beta1")
