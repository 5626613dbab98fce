import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const ServiceCIDRSpec = message("io.k8s.api.networking.v1.ServiceCIDRSpec", {
  cidrs: field(1, list(string)),
})
export interface ServiceCIDRSpec extends Infer<typeof ServiceCIDRSpec> {}

export const ServiceCIDRStatus = message("io.k8s.api.networking.v1.ServiceCIDRStatus", {
  conditions: field(1, list(Condition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface ServiceCIDRStatus extends Infer<typeof ServiceCIDRStatus> {}

export const ServiceCIDRSchema = message("io.k8s.api.networking.v1.ServiceCIDR", {
  ...objectFields,
  spec: always(2, ServiceCIDRSpec),
  status: always(3, ServiceCIDRStatus),
})
/** A range from which Services get their addresses. */
export interface ServiceCIDR extends Infer<typeof ServiceCIDRSchema> {}

export const ServiceCIDR = resource<ServiceCIDR>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    column("CIDRs", textOf("networking.v1.ServiceCIDRSpec", "cidrs"), ({ spec }) =>
      (spec.cidrs ?? []).join(","),
    ),
    ageColumn,
  ],
  schema: ServiceCIDRSchema,
})
