import { classAnnotation } from "./access-modes.ts"
import type { PersistentVolumeClaim } from "./persistent-volume-claim.ts"
import type { PersistentVolume } from "./persistent-volume.ts"

/** The class that a claim or a volume names, in the old annotation or in its spec; "" for none. */
export function storageClassNameOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ""
}

/** Whether a claim says anything about its class; that it wants none counts. */
export function namesStorageClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata.annotations?.[classAnnotation] !== undefined || spec.storageClassName !== undefined
}
