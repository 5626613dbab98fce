import {
  clusterRole,
  clusterRoleBinding,
  core,
  read,
  recordEvents,
  role,
  rule,
} from "../apiserver/authorization/rbac/bootstrap/notation.ts"
import type { Policy } from "../apiserver/authorization/rbac/bootstrap/default-policy.ts"
import { clusterPolicyResources, policyGroup } from "../network/policy/cluster-wide/resources.ts"

const nodes = ["Group:system:nodes"]

/**
 * What the parts of a node beside kubelet and proxy may see and do: DNS as kubeadm's add-on has it, the policy agent, the
 * ingress controller, and the provisioner of local volumes; and that who may look at pods may see what they use.
 */
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
      "system:aggregated-metrics-reader",
      role([rule(read, "metrics.k8s.io", "nodes pods")], { aggregateTo: "view" }),
    ),
    clusterRole(
      "system:network-policies",
      role([
        rule("list watch", core, "namespaces nodes pods"),
        rule("list watch", "networking.k8s.io", "networkpolicies"),
        rule("list watch", policyGroup, clusterPolicyResources.map(({ plural }) => plural).join(" ")),
        rule("patch", policyGroup, clusterPolicyResources.map(({ plural }) => `${plural}/status`).join(" ")),
      ]),
    ),
    clusterRole(
      "system:ingress-controller",
      role([
        rule("list watch", "networking.k8s.io", "ingresses ingressclasses"),
        rule("patch update", "networking.k8s.io", "ingresses/status"),
        rule("list watch", core, "services secrets"),
        rule("list watch", "discovery.k8s.io", "endpointslices"),
      ]),
    ),
    clusterRole(
      "system:local-provisioner",
      role([
        rule("create delete get list patch update watch", core, "persistentvolumes"),
        rule("get list watch", core, "persistentvolumeclaims nodes"),
        rule("patch update", core, "persistentvolumeclaims/status"),
        rule("get list watch", "storage.k8s.io", "storageclasses"),
        recordEvents,
      ]),
    ),
  ],
  clusterRoleBindings: [
    clusterRoleBinding("system:coredns", "system:coredns", ["ServiceAccount:kube-system/coredns"]),
    clusterRoleBinding("system:ingress-controller", "system:ingress-controller", [
      "ServiceAccount:kube-system/ingress-controller",
    ]),
    clusterRoleBinding("system:local-provisioner", "system:local-provisioner", [
      "ServiceAccount:kube-system/local-provisioner",
    ]),
    clusterRoleBinding("system:network-policies", "system:network-policies", [
      "ServiceAccount:kube-system/network-policies",
    ]),
    // Nodes in processes of their own (docs/decisions/0070).
    clusterRoleBinding("coracle:node-proxier", "system:node-proxier", nodes),
    clusterRoleBinding("coracle:node-dns", "system:coredns", nodes),
    clusterRoleBinding("coracle:node-network-policies", "system:network-policies", nodes),
  ],
  roles: [],
  roleBindings: [],
}
