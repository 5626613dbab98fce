/**
 * How long controllers that count pods leave an object alone after they looked at it. Pods made together become ready within
 * moments of each other: a ReplicaSet of ten writes its status a few times instead of ten.
 */
export const podStatusRestMs = 50
