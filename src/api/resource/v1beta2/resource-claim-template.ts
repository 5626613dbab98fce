import { otherVersion } from "../../other-version.ts"
import { ResourceClaimTemplate as V1ResourceClaimTemplate } from "../v1/resource-claim-template.ts"

/** The same as in v1. */
export type ResourceClaimTemplate = V1ResourceClaimTemplate
export const ResourceClaimTemplate = otherVersion(V1ResourceClaimTemplate, "v1beta2")
