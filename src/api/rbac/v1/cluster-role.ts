import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message, optional } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { PolicyRule } from "./policy-rule.ts"

export const AggregationRule = message("io.k8s.api.rbac.v1.AggregationRule", {
  clusterRoleSelectors: field(1, list(LabelSelector)),
})
export interface AggregationRule extends Infer<typeof AggregationRule> {}

export const ClusterRoleSchema = message("io.k8s.api.rbac.v1.ClusterRole", {
  ...objectFields,
  rules: always(2, list(PolicyRule)),
  aggregationRule: optional(3, AggregationRule),
})
/** Rules of what may be done, in every namespace or outside of them. */
export interface ClusterRole extends Infer<typeof ClusterRoleSchema> {}

export const ClusterRole = resource<ClusterRole>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  namespaced: false,
  columns: defaultColumns,
  schema: ClusterRoleSchema,
})
