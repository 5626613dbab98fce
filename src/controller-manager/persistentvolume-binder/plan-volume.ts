import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { provisionedBy } from "./annotations.ts"
import { hasOtherMode } from "./match-volume.ts"
import type { Notice } from "./plan-claim.ts"

export type VolumePlan =
  | { readonly kind: "phase"; readonly phase: "Available" | "Bound" }
  /** Its claim has gone or has another volume. */
  | { readonly kind: "release"; readonly reclaim: Reclaim }
  | { readonly kind: "unbind" }
  /** The claim's own key does the rest. */
  | { readonly kind: "wait" }
  | { readonly kind: "mismatch"; readonly ofVolume: Notice; readonly ofClaim: Notice }

export type Reclaim =
  /** It is kept for a person to look at, or somebody else deletes it. */
  { readonly kind: "leave" } | { readonly kind: "fail"; readonly notice: Notice }

/** `claim` is the one that the volume refers to, by name and uid, if that still exists. */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  const { claimRef, persistentVolumeReclaimPolicy: policy } = volume.spec
  // Reserved for a claim that is yet to come.
  if (!claimRef?.uid) return { kind: "phase", phase: "Available" }
  if (!claim) return { kind: "release", reclaim: planReclaim(volume) }
  const { volumeName } = claim.spec
  if (!volumeName) return hasOtherMode(claim, volume) ? mismatch(volume, claim) : { kind: "wait" }
  if (volumeName === volume.metadata.name) return { kind: "phase", phase: "Bound" }
  const isMadeForClaim = volume.metadata.annotations?.[provisionedBy] !== undefined
  if (isMadeForClaim && policy === "Delete") return { kind: "release", reclaim: planReclaim(volume) }
  return { kind: "unbind" }
}

function planReclaim(volume: PersistentVolume): Reclaim {
  const fail = (reason: string, message: string): Reclaim => ({
    kind: "fail",
    notice: { type: "Warning", reason, message },
  })
  switch (volume.spec.persistentVolumeReclaimPolicy) {
    case "Retain":
      return { kind: "leave" }
    case "Recycle":
      return fail("VolumeFailedRecycle", "No recycler plugin found for the volume!")
    case "Delete": {
      const reason = whyNotDeletable(volume)
      return reason === undefined ? { kind: "leave" } : fail("VolumeFailedDelete", reason)
    }
    default:
      return fail("VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy")
  }
}

/** What a provisioner made is the provisioner's to delete, and so is what a CSI driver has; nobody deletes the rest. */
function whyNotDeletable({ metadata, spec }: PersistentVolume): string | undefined {
  const maker = metadata.annotations?.[provisionedBy]
  if (maker) return maker.startsWith("kubernetes.io/") ? `no volume plugin matched name: ${maker}` : undefined
  if (metadata.annotations?.["pv.kubernetes.io/migrated-to"] || spec.csi) return undefined
  return `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`
}

function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): VolumePlan {
  const notice = (message: string): Notice => ({ type: "Warning", reason: "VolumeMismatch", message })
  return {
    kind: "mismatch",
    ofVolume: notice(
      `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" due to incompatible volumeMode.`,
    ),
    ofClaim: notice(
      `Cannot bind PersistentVolume "${volume.metadata.name}" to requested PersistentVolumeClaim due to incompatible volumeMode.`,
    ),
  }
}
