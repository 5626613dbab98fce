import { otherVersion } from "../../other-version.ts"
import { ServiceCIDR as V1ServiceCIDR } from "../v1/service-cidr.ts"

/** The same as in v1. */
export type ServiceCIDR = V1ServiceCIDR
export const ServiceCIDR = otherVersion(V1ServiceCIDR, "v1beta1")
