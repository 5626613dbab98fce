/** Who has the default ClusterRoles: the binding has its role's name. */
export const clusterRoleBindings: Readonly<Record<string, readonly string[]>> = {
  "cluster-admin": ["Group:system:masters"],
  "system:basic-user": ["Group:system:authenticated"],
  "system:discovery": ["Group:system:authenticated"],
  "system:kube-controller-manager": ["User:system:kube-controller-manager"],
  "system:kube-dns": ["ServiceAccount:kube-system/kube-dns"],
  "system:kube-scheduler": ["User:system:kube-scheduler"],
  "system:monitoring": ["Group:system:monitoring"],
  // Nobody: nodes are judged by the Node authorizer, which knows what each has to do with.
  "system:node": [],
  "system:node-proxier": ["User:system:kube-proxy"],
  "system:public-info-viewer": ["Group:system:authenticated", "Group:system:unauthenticated"],
  "system:service-account-issuer-discovery": ["Group:system:serviceaccounts"],
  "system:volume-scheduler": ["User:system:kube-scheduler"],
}

/**
 * What kubeadm adds to the server's own defaults: administrators that RBAC can take their powers from again, unlike
 * members of system:masters. Name of the binding, its role, its subjects.
 */
export const installedBindings: readonly (readonly [string, string, readonly string[]])[] = [
  ["kubeadm:cluster-admins", "cluster-admin", ["Group:kubeadm:cluster-admins"]],
]
