import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Column } from "../../../apimachinery/resource.ts"
import { ageColumn, column, nameColumn, wideColumn } from "../../columns.ts"
import type { RoleRef, Subject } from "./subject.ts"

interface Binding extends KubeObject {
  readonly roleRef: RoleRef
  readonly subjects?: readonly Subject[] | undefined
}

const unresolvedText = "If the RoleRef cannot be resolved, the Authorizer must return an error."

/** @param reach which roles it may name; @param kind what the texts call it */
function bindingColumns(reach: string, kind: string): readonly Column<Binding>[] {
  return [
    nameColumn,
    column(
      "Role",
      `RoleRef can ${reach}. ${unresolvedText}`,
      ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
    ),
    ageColumn,
    wideColumn("Users", `Users in the ${kind}`, (binding) => namesOf(binding, "User")),
    wideColumn("Groups", `Groups in the ${kind}`, (binding) => namesOf(binding, "Group")),
    wideColumn("ServiceAccounts", `ServiceAccounts in the ${kind}`, (binding) =>
      namesOf(binding, "ServiceAccount"),
    ),
  ]
}

export const roleBindingColumns = bindingColumns(
  "reference a Role in the current namespace or a ClusterRole in the global namespace",
  "roleBinding",
)
export const clusterRoleBindingColumns = bindingColumns(
  "only reference a ClusterRole in the global namespace",
  "clusterRoleBinding",
)

function namesOf({ subjects = [] }: Binding, kind: string): string {
  return subjects
    .filter((subject) => subject.kind === kind)
    .map(({ namespace = "", name }) => (kind === "ServiceAccount" ? `${namespace}/${name}` : name))
    .join(", ")
}
