/** On a claim: that its binding was finished once. Without its volume, it has lost it. */
export const bindCompleted = "pv.kubernetes.io/bind-completed"
/** On a claim or a volume: that the binding is ours to undo. Without it, a person asked for it. */
export const boundByController = "pv.kubernetes.io/bound-by-controller"
/** On a volume: who made it. */
export const provisionedBy = "pv.kubernetes.io/provisioned-by"
/** On a claim: where the scheduler wants its volume. */
export const selectedNode = "volume.kubernetes.io/selected-node"
/** On a claim: who is to make its volume. */
export const provisionerAnnotations = [
  "volume.beta.kubernetes.io/storage-provisioner",
  "volume.kubernetes.io/storage-provisioner",
] as const
