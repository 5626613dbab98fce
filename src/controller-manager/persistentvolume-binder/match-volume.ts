import { compareQuantities, parseQuantity } from "../../apimachinery/quantity.ts"
import { matchesLabels, selectorFromObject } from "../../apimachinery/labels.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { storageClassNameOf } from "../../api/core/v1/storage-class-name.ts"

// Which volume suits a claim (https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding). All pure.

/** Reserved for the claim by its name, or bound to this very claim. */
export function isBoundTo({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec
  return (
    claimRef?.name === metadata.name &&
    claimRef.namespace === metadata.namespace &&
    (!claimRef.uid || claimRef.uid === metadata.uid)
  )
}

export function hasOtherMode(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec.volumeMode ?? "Filesystem") !== (volume.spec.volumeMode ?? "Filesystem")
}

/**
 * The volume to bind: of those that can be used in the fewest other ways, one that is reserved for the claim, else the
 * smallest that is large enough. A claim that waits for the scheduler gets none but a reserved one.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  waitsForScheduler: boolean,
): PersistentVolume | undefined {
  const suiting = volumes.filter(
    (volume) => isLargeAndFree(claim, volume) && (isBoundTo(volume, claim) || !waitsForScheduler),
  )
  const usable = suiting.filter((volume) => isBoundTo(volume, claim) || isAsked(claim, volume))
  return usable.toSorted(
    (a, b) =>
      modesOf(a) - modesOf(b) ||
      Number(isBoundTo(b, claim)) - Number(isBoundTo(a, claim)) ||
      compareQuantities(sizeOf(a), sizeOf(b)),
  )[0]
}

function isLargeAndFree(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (
    (!volume.spec.claimRef || isBoundTo(volume, claim)) &&
    !volume.metadata.deletionTimestamp &&
    isLargeEnough(claim, volume) &&
    hasAccessModes(claim, volume) &&
    !hasOtherMode(claim, volume) &&
    attributesOf(claim) === attributesOf(volume)
  )
}

function isAsked(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const { selector } = claim.spec
  return (
    volume.status.phase === "Available" &&
    (!selector || matchesLabels(selectorFromObject(selector), volume.metadata.labels)) &&
    storageClassNameOf(volume) === storageClassNameOf(claim)
  )
}

/** Why the volume that a claim asks for by name cannot be its own; undefined when it can. */
export function findMismatch(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`
  if (!isLargeEnough(claim, volume)) return "requested PV is too small"
  if (storageClassNameOf(volume) !== storageClassNameOf(claim)) return "storageClassName does not match"
  if (attributesOf(claim) !== attributesOf(volume)) return "volumeAttributesClassName does not match"
  if (hasOtherMode(claim, volume)) return "incompatible volumeMode"
  return hasAccessModes(claim, volume) ? undefined : "incompatible accessMode"
}

function isLargeEnough({ spec }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const requested = parseQuantity(spec.resources.requests?.["storage"] ?? "0")
  return compareQuantities(sizeOf(volume), requested) >= 0
}

function hasAccessModes({ spec }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode))
}

function attributesOf({ spec }: PersistentVolumeClaim | PersistentVolume): string {
  return spec.volumeAttributesClassName ?? ""
}

function sizeOf({ spec }: PersistentVolume) {
  return parseQuantity(spec.capacity?.["storage"] ?? "0")
}

function modesOf({ spec }: PersistentVolume): number {
  return new Set(spec.accessModes).size
}
