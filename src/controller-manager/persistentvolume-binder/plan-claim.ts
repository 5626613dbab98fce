import { classAnnotation } from "../../api/core/v1/access-modes.ts"
import {
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  isMeantFor,
  selectedNodeAnnotation,
  storageClassOf,
} from "../../api/core/v1/match-volume.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { findDefaultStorageClass } from "../../api/storage/v1/default-storage-class.ts"
import type { StorageClass } from "../../api/storage/v1/storage-class.ts"
import { findMismatch, findVolume } from "./match-volume.ts"

export interface Notice {
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
}

export type ClaimPlan =
  | { readonly kind: "bind"; readonly volume: PersistentVolume }
  | { readonly kind: "pending"; readonly notice?: Notice }
  | { readonly kind: "assignClass"; readonly name: string }
  /** Somebody else is to make a volume. */
  | { readonly kind: "provision"; readonly provisioner: string }
  | { readonly kind: "lost"; readonly notice: Notice }
  /** Nobody can make a volume. */
  | { readonly kind: "refuse"; readonly notice: Notice }

export interface ClaimObservation {
  readonly claim: PersistentVolumeClaim
  /** Those that it could be bound to: of its class, or reserved for it. */
  readonly candidates: readonly PersistentVolume[]
  readonly findVolume: (name: string) => PersistentVolume | undefined
  readonly findClass: (name: string) => StorageClass | undefined
  readonly classes: () => readonly StorageClass[]
  /** The names of pods that want the claim and have no node yet. */
  readonly unscheduledPods: () => readonly string[]
}

export function planClaim(observation: ClaimObservation): ClaimPlan {
  const { claim } = observation
  if (claim.metadata.annotations?.[bindCompletedAnnotation] !== undefined) return planBound(observation)
  return claim.spec.volumeName ? planNamed(observation, claim.spec.volumeName) : planFree(observation)
}

/** The claim was bound before: all is well, or its data is gone. */
function planBound({ claim, findVolume: find }: ClaimObservation): ClaimPlan {
  const { volumeName } = claim.spec
  const lost = (reason: string, message: string): ClaimPlan => ({
    kind: "lost",
    notice: { type: "Warning", reason, message },
  })
  if (!volumeName)
    return lost(
      "ClaimLost",
      "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
    )
  const volume = find(volumeName)
  if (!volume)
    return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
  const { claimRef } = volume.spec
  if (!claimRef || claimRef.uid === claim.metadata.uid) return { kind: "bind", volume }
  return lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
}

/** The claim asks for a volume by its name. */
function planNamed({ claim, findVolume: find }: ClaimObservation, volumeName: string): ClaimPlan {
  const volume = find(volumeName)
  if (!volume) return { kind: "pending" }
  if (!volume.spec.claimRef) {
    const mismatch = findMismatch(claim, volume)
    if (!mismatch) return { kind: "bind", volume }
    const message = `Cannot bind to requested volume "${volumeName}": ${mismatch}`
    return { kind: "pending", notice: { type: "Warning", reason: "VolumeMismatch", message } }
  }
  if (isMeantFor(volume, claim)) return { kind: "bind", volume }
  const message = `volume "${volumeName}" already bound to a different claim.`
  return { kind: "pending", notice: { type: "Warning", reason: "FailedBinding", message } }
}

/** The claim takes any volume that suits it. */
function planFree(observation: ClaimObservation): ClaimPlan {
  const { claim, candidates, findClass, classes } = observation
  const className = storageClassOf(claim)
  const storageClass = className ? findClass(className) : undefined
  const waitsForScheduler = storageClass?.volumeBindingMode === "WaitForFirstConsumer"
  const volume = findVolume(claim, candidates, waitsForScheduler)
  if (volume) return { kind: "bind", volume }
  if (!namesStorageClass(claim)) {
    const found = findDefaultStorageClass(classes())
    if (found) return { kind: "assignClass", name: found.metadata.name }
  }
  if (waitsForScheduler && claim.metadata.annotations?.[selectedNodeAnnotation] === undefined)
    return { kind: "pending", notice: waitingNotice(observation.unscheduledPods()) }
  if (className) return planProvisioning(className, storageClass)
  const message = "no persistent volumes available for this claim and no storage class is set"
  return { kind: "pending", notice: { type: "Normal", reason: "FailedBinding", message } }
}

function planProvisioning(className: string, storageClass: StorageClass | undefined): ClaimPlan {
  const refuse = (message: string): ClaimPlan => ({
    kind: "refuse",
    notice: { type: "Warning", reason: "ProvisioningFailed", message },
  })
  if (!storageClass) return refuse(`storageclass.storage.k8s.io "${className}" not found`)
  const { provisioner } = storageClass
  if (provisioner.startsWith("kubernetes.io/")) return refuse(`no volume plugin matched name: ${provisioner}`)
  return { kind: "provision", provisioner }
}

function waitingNotice(pods: readonly string[]): Notice {
  const [first] = pods
  if (first === undefined)
    return {
      type: "Normal",
      reason: "WaitForFirstConsumer",
      message: "waiting for first consumer to be created before binding",
    }
  const who = pods.length > 1 ? `pods ${pods.join(",")}` : `pod ${first}`
  return { type: "Normal", reason: "WaitForPodScheduled", message: `waiting for ${who} to be scheduled` }
}

/** Whether a claim says anything about its class; that it wants none counts. */
function namesStorageClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata.annotations?.[classAnnotation] !== undefined || spec.storageClassName !== undefined
}

/** Whether the binding was a person's wish. */
export function isOurBinding({ metadata }: PersistentVolume | PersistentVolumeClaim): boolean {
  return metadata.annotations?.[boundByControllerAnnotation] !== undefined
}
