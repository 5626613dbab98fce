import { compareQuantities, parseQuantity } from "../../apimachinery/quantity.ts"
import { findMatchingVolume, storageClassOf } from "../../api/core/v1/match-volume.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"

/**
 * The volume to bind without knowing a node: of those that can be used in the fewest other ways, one that is reserved for
 * the claim, else the smallest that will do.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  waitsForNode: boolean,
): PersistentVolume | undefined {
  const usable = volumes.filter((volume) => hasAccessModes(claim, volume))
  const counts = [...new Set(usable.map(modesOf))].toSorted((a, b) => a - b)
  for (const count of counts) {
    const alike = usable.filter((volume) => modesOf(volume) === count)
    const found = findMatchingVolume(claim, alike, { waitsForNode })
    if (found) return found
  }
  return undefined
}

/** Why the volume that a claim asks for by name cannot be its own; undefined when it can. */
export function findMismatch(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`
  if (!isLargeEnough(claim, volume)) return "requested PV is too small"
  if (storageClassOf(volume) !== storageClassOf(claim)) return "storageClassName does not match"
  if (attributesOf(claim) !== attributesOf(volume)) return "volumeAttributesClassName does not match"
  if (hasOtherMode(claim, volume)) return "incompatible volumeMode"
  return hasAccessModes(claim, volume) ? undefined : "incompatible accessMode"
}

export function hasOtherMode(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec.volumeMode ?? "Filesystem") !== (volume.spec.volumeMode ?? "Filesystem")
}

function isLargeEnough({ spec }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const requested = parseQuantity(spec.resources.requests?.["storage"] ?? "0")
  return compareQuantities(parseQuantity(volume.spec.capacity?.["storage"] ?? "0"), requested) >= 0
}

function hasAccessModes({ spec }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode))
}

function attributesOf({ spec }: PersistentVolumeClaim | PersistentVolume): string {
  return spec.volumeAttributesClassName ?? ""
}

function modesOf({ spec }: PersistentVolume): number {
  return new Set(spec.accessModes).size
}
