import { ObjectMeta } from "../../../apimachinery/meta.ts"
import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import { ageColumn, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ResourceClaimSpec } from "./resource-claim.ts"
import { resourceClaimTemplateConversion } from "./conversion.ts"

export const ResourceClaimTemplateSpec = message("io.k8s.api.resource.v1beta1.ResourceClaimTemplateSpec", {
  metadata: always(1, ObjectMeta),
  spec: always(2, ResourceClaimSpec, { required: true }),
})
export interface ResourceClaimTemplateSpec extends Infer<typeof ResourceClaimTemplateSpec> {}

export const ResourceClaimTemplateSchema = message("io.k8s.api.resource.v1beta1.ResourceClaimTemplate", {
  ...objectFields,
  spec: always(2, ResourceClaimTemplateSpec, { required: true }),
})
/** The ResourceClaim that each pod of a workload gets for itself. */
export interface ResourceClaimTemplate extends Infer<typeof ResourceClaimTemplateSchema> {}

export const ResourceClaimTemplate = resource<ResourceClaimTemplate>({
  group: "resource.k8s.io",
  version: "v1beta1",
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  namespaced: true,
  storedAs: { group: "resource.k8s.io", version: "v1" },
  conversion: resourceClaimTemplateConversion,
  columns: [nameColumn, ageColumn],
  schema: ResourceClaimTemplateSchema,
})
