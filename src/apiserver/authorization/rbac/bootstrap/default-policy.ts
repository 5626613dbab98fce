import type { Draft } from "../../../../apimachinery/meta.ts"
import type { ClusterRoleBinding } from "../../../../api/rbac/v1/cluster-role-binding.ts"
import type { ClusterRole } from "../../../../api/rbac/v1/cluster-role.ts"
import type { PolicyRule } from "../../../../api/rbac/v1/policy-rule.ts"
import type { RoleBinding } from "../../../../api/rbac/v1/role-binding.ts"
import type { Role } from "../../../../api/rbac/v1/role.ts"
import { controllerRoles } from "./controller-roles.ts"
import { clusterRoleBindings, installedBindings } from "./default-bindings.ts"
import { clusterRoles } from "./default-cluster-roles.ts"
import { namespacePolicy } from "./namespace-policy.ts"
import { clusterRole, clusterRoleBinding, namespacedRole, roleBinding } from "./notation.ts"

export interface Policy {
  readonly clusterRoles: readonly Draft<ClusterRole>[]
  readonly clusterRoleBindings: readonly Draft<ClusterRoleBinding>[]
  readonly roles: readonly Draft<Role>[]
  readonly roleBindings: readonly Draft<RoleBinding>[]
}

/** The policy that every cluster starts with and that each start of the server restores. */
export function defaultPolicy(): Policy {
  const controllers = Object.entries(controllerRoles)
  const prefix = "system:controller:"
  return {
    clusterRoles: [
      ...Object.entries(clusterRoles).map(([name, notation]) => clusterRole(name, notation)),
      ...controllers.map(([name, notation]) => clusterRole(prefix + name, notation)),
    ],
    clusterRoleBindings: [
      ...Object.entries(clusterRoleBindings).map(([name, who]) => clusterRoleBinding(name, name, who)),
      ...installedBindings.map(([name, role, who]) => clusterRoleBinding(name, role, who)),
      ...controllers.map(([name]) =>
        clusterRoleBinding(prefix + name, prefix + name, [`ServiceAccount:kube-system/${name}`]),
      ),
    ],
    roles: namespacePolicy.map(({ namespace, name, rules }) => namespacedRole(namespace, name, rules)),
    roleBindings: namespacePolicy.map(({ namespace, name, binding, subjects }) =>
      roleBinding(namespace, binding ?? name, name, subjects),
    ),
  }
}

/** What every node may do, whatever its pods: the rules of `system:node`. */
export function nodeRules(): readonly PolicyRule[] {
  return clusterRoles["system:node"]!.rules
}
