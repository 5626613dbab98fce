import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Column } from "../../../apimachinery/resource.ts"
import { ageColumn, column, nameColumn, wideColumn } from "../../columns.ts"
import type { RoleRef, Subject } from "./subject.ts"

interface Binding extends KubeObject {
  readonly roleRef: RoleRef
  readonly subjects?: readonly Subject[] | undefined
}

export const bindingColumns: readonly Column<Binding>[] = [
  nameColumn,
  column("Role", "What it allows.", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  wideColumn("Users", "Users who may.", (binding) => namesOf(binding, "User")),
  wideColumn("Groups", "Groups who may.", (binding) => namesOf(binding, "Group")),
  wideColumn("ServiceAccounts", "ServiceAccounts who may.", (binding) => namesOf(binding, "ServiceAccount")),
]

function namesOf({ subjects = [] }: Binding, kind: string): string {
  return subjects
    .filter((subject) => subject.kind === kind)
    .map(({ namespace = "", name }) => (kind === "ServiceAccount" ? `${namespace}/${name}` : name))
    .join(", ")
}
