import type { KubeObject } from "../../../apimachinery/meta.ts"
import { otherVersion } from "../../other-version.ts"
import { ResourceClaimTemplate as V1ResourceClaimTemplate } from "../v1/resource-claim-template.ts"
import { resourceClaimTemplateConversion } from "./conversion.ts"
import { DeviceRequest, DeviceSubRequest } from "./device-request.ts"
import type { ResourceClaimSpec } from "./resource-claim.ts"

/** The same as in v1 but for the requests. */
export interface ResourceClaimTemplate extends KubeObject {
  spec: Omit<V1ResourceClaimTemplate["spec"], "spec"> & { spec: ResourceClaimSpec }
}

export const ResourceClaimTemplate = otherVersion<V1ResourceClaimTemplate, ResourceClaimTemplate>(
  V1ResourceClaimTemplate,
  "v1beta1",
  { replaced: [DeviceRequest, DeviceSubRequest], conversion: resourceClaimTemplateConversion },
)
