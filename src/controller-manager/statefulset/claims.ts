import type { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeObject, ObjectKey, OwnerReference } from "../../apimachinery/meta.ts"
import { ignoreAlreadyExists } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { controllerReference } from "../shared/owner.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"
import { claimNameOf, claimsOf, podNameOf } from "./identity.ts"
import { messageOf } from "../../base/message-of.ts"

/** Creates the claims of a replica that are missing. They are there before its pod. */
export async function ensureClaims(
  { client, cache, events }: ReconcileContext,
  set: StatefulSet,
  ordinal: number,
): Promise<void> {
  const podName = podNameOf(set, ordinal)
  for (const claim of claimsOf(set, ordinal)) {
    const { name = "", namespace } = claim.metadata ?? {}
    const present = cache.find(PersistentVolumeClaim, { namespace, name })
    if (present?.metadata.deletionTimestamp) throw new Error(`pvc ${name} is being deleted`)
    if (present) continue
    try {
      await client.create(PersistentVolumeClaim, claim).catch(ignoreAlreadyExists)
    } catch (error) {
      const message = `Create Claim ${name} for Pod ${podName} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`
      events.event(set, "Warning", "FailedCreate", message)
      throw new Error(`failed to create PVC ${name}: ${messageOf(error)}`, { cause: error })
    }
    const message = `Create Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name} success`
    events.event(set, "Normal", "SuccessfulCreate", message)
  }
}

/**
 * Whether a claim of a replica that has no pod is still owned by the pod that it is meant to go with: it is about to be
 * collected, and must not be taken over by the next.
 */
export function hasStaleClaims(cache: Cache, set: StatefulSet, ordinal: number): boolean {
  if (set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled !== "Delete") return false
  const podName = podNameOf(set, ordinal)
  return (set.spec.volumeClaimTemplates ?? []).some(({ metadata: { name } }) => {
    const key = { namespace: set.metadata.namespace, name: claimNameOf(set, name, ordinal) }
    const owners = cache.find(PersistentVolumeClaim, key)?.metadata.ownerReferences
    return owners?.some((owner) => owner.kind === "Pod" && owner.name === podName)
  })
}

/** The set whose replica a claim goes with. */
export function keysOfClaim({ metadata }: PersistentVolumeClaim): readonly ObjectKey[] {
  const names = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === "Pod").map(({ name }) => name)
  return names.map((name) => ({ namespace: metadata.namespace, name: name.replace(/-[0-9]+$/, "") }))
}

/**
 * Makes claims go with what they are meant to go with, by owner references
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention):
 * with the set (whenDeleted), with a replica that is scaled away (whenScaled), or with nothing.
 */
export async function applyRetention(
  { client, cache, events }: ReconcileContext,
  set: StatefulSet,
  pod: Pod,
  ordinal: number,
  isSurplus: boolean,
): Promise<void> {
  for (const { metadata } of set.spec.volumeClaimTemplates ?? []) {
    const name = claimNameOf(set, metadata.name, ordinal)
    const claim = cache.find(PersistentVolumeClaim, { namespace: set.metadata.namespace, name })
    if (!claim) continue
    if (isOfAnother(claim, set, pod)) {
      const message = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
      events.event(set, "Warning", "ConflictingController", message)
      continue
    }
    const ownerReferences = retentionOwners(set, pod, claim, isSurplus)
    if (semanticallyEqual(ownerReferences, claim.metadata.ownerReferences)) continue
    await client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, ownerReferences } })
  }
}

/** Somebody else controls it: it is theirs to keep or delete. */
function isOfAnother({ metadata }: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenDeleted !== "Delete" && whenScaled !== "Delete") return false
  return metadata.ownerReferences?.some((one) => one.controller && !isToOurs(one, set, pod)) === true
}

/** By name: a reference to a set of the same name that was deleted before is ours to replace. */
function isToOurs({ kind, name }: OwnerReference, set: StatefulSet, pod: Pod): boolean {
  return (
    (kind === "StatefulSet" && name === set.metadata.name) || (kind === "Pod" && name === pod.metadata.name)
  )
}

function retentionOwners(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
  isSurplus: boolean,
): OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const goesWithPod = whenScaled === "Delete" && isSurplus
  const goesWithSet = whenDeleted === "Delete" && !goesWithPod
  const others = (claim.metadata.ownerReferences ?? []).filter((one) => !isToOurs(one, set, pod))
  const owners: KubeObject[] = [...(goesWithSet ? [set] : []), ...(goesWithPod ? [pod] : [])]
  return [...others, ...owners.map(controllerReference)]
}
