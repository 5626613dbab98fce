import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, list, message } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { PolicyRule } from "./policy-rule.ts"

export const RoleSchema = message("io.k8s.api.rbac.v1.Role", {
  ...objectFields,
  rules: always(2, list(PolicyRule)),
})
/** Rules of what may be done within a namespace. */
export interface Role extends Infer<typeof RoleSchema> {}

export const Role = resource<Role>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "Role",
  plural: "roles",
  namespaced: true,
  columns: defaultColumns,
  schema: RoleSchema,
})
