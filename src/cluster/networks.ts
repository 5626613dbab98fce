/** The address ranges of a cluster, as kubeadm's users know them. */
export const networks = {
  pods: "10.244.0.0/16",
  services: "10.96.0.0/12",
  /** The Service `kubernetes`: always the first address of the range. */
  kubernetesService: "10.96.0.1",
  dnsService: "10.96.0.10",
  clusterDomain: "cluster.local",
} as const
