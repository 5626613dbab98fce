import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message } from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { RoleRef, Subject } from "./subject.ts"
import { clusterRoleBindingColumns } from "./binding-columns.ts"

export const ClusterRoleBindingSchema = message("io.k8s.api.rbac.v1.ClusterRoleBinding", {
  ...objectFields,
  subjects: field(2, list(Subject)),
  roleRef: always(3, RoleRef, { required: true }),
})
/** Gives a ClusterRole to subjects everywhere. */
export interface ClusterRoleBinding extends Infer<typeof ClusterRoleBindingSchema> {}

export const ClusterRoleBinding = resource<ClusterRoleBinding>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  namespaced: false,
  columns: clusterRoleBindingColumns,
  schema: ClusterRoleBindingSchema,
})
