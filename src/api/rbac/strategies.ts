import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { ClusterRole } from "./v1/cluster-role.ts"
import type { ClusterRoleBinding } from "./v1/cluster-role-binding.ts"
import type { Role } from "./v1/role.ts"
import type { RoleBinding } from "./v1/role-binding.ts"
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateClusterRoleBindingUpdate,
  validateRole,
  validateRoleBinding,
  validateRoleBindingUpdate,
} from "./validation/rbac.ts"

export const rbacRules: RulesByResource = {
  roles: rules<Role>({ validate: validateRole }),
  clusterroles: rules<ClusterRole>({ validate: validateClusterRole }),
  rolebindings: rules<RoleBinding>({
    validate: validateRoleBinding,
    validateUpdate: validateRoleBindingUpdate,
  }),
  clusterrolebindings: rules<ClusterRoleBinding>({
    validate: validateClusterRoleBinding,
    validateUpdate: validateClusterRoleBindingUpdate,
  }),
}
