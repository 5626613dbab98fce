import {
  clusterRole,
  clusterRoleBinding,
  core,
  role,
  rule,
} from "../apiserver/authorization/rbac/bootstrap/notation.ts"
import type { Policy } from "../apiserver/authorization/rbac/bootstrap/default-policy.ts"

/** What the cluster's DNS may see, as kubeadm's add-on has it. */
export const addOnPolicy: Policy = {
  clusterRoles: [
    clusterRole(
      "system:coredns",
      role([
        rule("list watch", core, "endpoints namespaces pods services"),
        rule("list watch", "discovery.k8s.io", "endpointslices"),
      ]),
    ),
  ],
  clusterRoleBindings: [
    clusterRoleBinding("system:coredns", "system:coredns", ["ServiceAccount:kube-system/coredns"]),
  ],
  roles: [],
  roleBindings: [],
}
