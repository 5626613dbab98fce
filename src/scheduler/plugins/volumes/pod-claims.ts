import { storageClassOf, isFullyBound } from "../../../api/core/v1/match-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { claimNamesOf, ephemeralClaimName, isMadeFor } from "../../../api/core/v1/pod-claims.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { StorageClass } from "../../../api/storage/v1/storage-class.ts"
import type { Cache } from "../../../client/cache.ts"
import { type Rejection, unresolvable } from "../../framework.ts"
import type { AssumedObjects } from "./assumed-objects.ts"

/** The claims of a pod, by what is still to be done for them. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[]
  /** To be bound when the node is chosen. */
  readonly delayed: readonly PersistentVolumeClaim[]
}

/** Undefined for a pod without claims; a rejection when no node will do before the claims change. */
export function podClaims(
  pod: Pod,
  claims: AssumedObjects<PersistentVolumeClaim>,
  cache: Cache,
): PodClaims | Rejection | undefined {
  const names = claimNamesOf(pod)
  if (names.length === 0) return undefined
  const missing = whyNotUsable(pod, claims, cache)
  if (missing) return unresolvable(missing)
  const bound: PersistentVolumeClaim[] = []
  const delayed: PersistentVolumeClaim[] = []
  for (const name of names) {
    const claim = claims.find({ namespace: pod.metadata.namespace, name }, cache)!
    if (isFullyBound(claim)) bound.push(claim)
    else if (claim.spec.volumeName || !waitsForConsumer(claim, cache)) {
      return unresolvable("pod has unbound immediate PersistentVolumeClaims")
    } else delayed.push(claim)
  }
  return { bound, delayed }
}

export function waitsForConsumer(claim: PersistentVolumeClaim, cache: Cache): boolean {
  const className = storageClassOf(claim)
  if (!className) return false
  return cache.find(StorageClass, { name: className })?.volumeBindingMode === "WaitForFirstConsumer"
}

function whyNotUsable(
  pod: Pod,
  claims: AssumedObjects<PersistentVolumeClaim>,
  cache: Cache,
): string | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const isEphemeral = volume.ephemeral !== undefined
    const name = volume.persistentVolumeClaim?.claimName ?? (isEphemeral && ephemeralClaimName(pod, volume))
    if (!name) continue
    const claim = claims.find({ namespace: pod.metadata.namespace, name }, cache)
    if (!claim) {
      return isEphemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : `persistentvolumeclaim "${name}" not found`
    }
    if (claim.status.phase === "Lost") {
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`
    }
    if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`
    if (isEphemeral && !isMadeFor(claim, pod)) {
      const { namespace, name: podName } = pod.metadata
      return `PVC ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`
    }
  }
  return undefined
}
