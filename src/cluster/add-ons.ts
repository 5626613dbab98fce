import {
  clusterRole,
  clusterRoleBinding,
  core,
  role,
  rule,
} from "../apiserver/authorization/rbac/bootstrap/notation.ts"
import type { Policy } from "../apiserver/authorization/rbac/bootstrap/default-policy.ts"

/** What the parts of a node beside kubelet and proxy may see: DNS as kubeadm's add-on has it, and the policy agent. */
export const addOnPolicy: Policy = {
  clusterRoles: [
    clusterRole(
      "system:coredns",
      role([
        rule("list watch", core, "endpoints namespaces pods services"),
        rule("list watch", "discovery.k8s.io", "endpointslices"),
      ]),
    ),
    clusterRole(
      "system:network-policies",
      role([
        rule("list watch", core, "namespaces pods"),
        rule("list watch", "networking.k8s.io", "networkpolicies"),
      ]),
    ),
  ],
  clusterRoleBindings: [
    clusterRoleBinding("system:coredns", "system:coredns", ["ServiceAccount:kube-system/coredns"]),
    clusterRoleBinding("system:network-policies", "system:network-policies", [
      "ServiceAccount:kube-system/network-policies",
    ]),
  ],
  roles: [],
  roleBindings: [],
}
