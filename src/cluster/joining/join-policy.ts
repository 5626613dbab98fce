import {
  clusterRole,
  clusterRoleBinding,
  core,
  namespacedRole,
  role,
  roleBinding,
  rule,
} from "../../apiserver/authorization/rbac/bootstrap/notation.ts"
import type { Policy } from "../../apiserver/authorization/rbac/bootstrap/default-policy.ts"

/** The group of machines that come with a bootstrap token. */
export const bootstrapGroup = "system:bootstrappers:kubeadm:default-node-token"

const bootstrappers = `Group:${bootstrapGroup}`
const nodes = "Group:system:nodes"
const approver = "ServiceAccount:kube-system/certificate-controller"
const csr = "system:certificates.k8s.io:certificatesigningrequests"

/**
 * What tokens and nodes may so that machines can join, by the names that kubeadm gives it
 * (https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/).
 */
export const joinPolicy: Policy = {
  clusterRoles: [
    clusterRole("kubeadm:get-nodes", role([rule("get", core, "nodes")])),
    clusterRole(
      "coracle:approve-kubelet-serving",
      role([
        rule("approve", "certificates.k8s.io", "signers", "kubernetes.io/kubelet-serving"),
        rule("list watch", core, "nodes"),
      ]),
    ),
  ],
  clusterRoleBindings: [
    clusterRoleBinding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", [bootstrappers]),
    clusterRoleBinding("kubeadm:node-autoapprove-bootstrap", `${csr}:nodeclient`, [bootstrappers]),
    clusterRoleBinding("kubeadm:node-autoapprove-certificate-rotation", `${csr}:selfnodeclient`, [nodes]),
    clusterRoleBinding("kubeadm:get-nodes", "kubeadm:get-nodes", [bootstrappers]),
    clusterRoleBinding("coracle:approve-kubelet-serving", "coracle:approve-kubelet-serving", [approver]),
  ],
  roles: [
    namespacedRole("kube-public", "kubeadm:bootstrap-signer-clusterinfo", [
      rule("get", core, "configmaps", "cluster-info"),
    ]),
    namespacedRole("kube-system", "coracle:node-config", [rule("get", core, "configmaps", "coracle-config")]),
  ],
  roleBindings: [
    roleBinding(
      "kube-public",
      "kubeadm:bootstrap-signer-clusterinfo",
      "kubeadm:bootstrap-signer-clusterinfo",
      ["User:system:anonymous"],
    ),
    roleBinding("kube-system", "coracle:node-config", "coracle:node-config", [nodes, bootstrappers]),
  ],
}
