import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message } from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { RoleRef, Subject } from "./subject.ts"
import { roleBindingColumns } from "./binding-columns.ts"

export const RoleBindingSchema = message("io.k8s.api.rbac.v1.RoleBinding", {
  ...objectFields,
  subjects: field(2, list(Subject)),
  roleRef: always(3, RoleRef, { required: true }),
})
/** Gives a Role or ClusterRole to subjects within a namespace. */
export interface RoleBinding extends Infer<typeof RoleBindingSchema> {}

export const RoleBinding = resource<RoleBinding>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  namespaced: true,
  columns: roleBindingColumns,
  schema: RoleBindingSchema,
})
