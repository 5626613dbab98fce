import type { KubeObject } from "../../../apimachinery/meta.ts"
import { otherVersion } from "../../other-version.ts"
import {
  type DeviceClaim,
  ResourceClaim as V1ResourceClaim,
  type ResourceClaimStatus,
} from "../v1/resource-claim.ts"
import { resourceClaimConversion } from "./conversion.ts"
import { DeviceRequest, DeviceSubRequest } from "./device-request.ts"

export interface ResourceClaimSpec {
  devices: Omit<DeviceClaim, "requests"> & { requests: DeviceRequest[] }
}

/** The same as in v1 but for the requests. */
export interface ResourceClaim extends KubeObject {
  spec: ResourceClaimSpec
  status: ResourceClaimStatus
}

export const ResourceClaim = otherVersion<V1ResourceClaim, ResourceClaim>(V1ResourceClaim, "v1beta1", {
  replaced: [DeviceRequest, DeviceSubRequest],
  conversion: resourceClaimConversion,
})
