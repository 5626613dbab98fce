/** On a volume: who made it. */
export const provisionedBy = "pv.kubernetes.io/provisioned-by"
/** On a claim: who is to make its volume. */
export const provisionerAnnotations = [
  "volume.beta.kubernetes.io/storage-provisioner",
  "volume.kubernetes.io/storage-provisioner",
] as const
