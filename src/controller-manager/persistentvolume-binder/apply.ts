import { compareQuantities, parseQuantity } from "../../apimachinery/quantity.ts"
import {
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  isMeantFor,
} from "../../api/core/v1/match-volume.ts"
import {
  PersistentVolumeClaim,
  type PersistentVolumeClaimPhase,
  type PersistentVolumeClaimStatus,
} from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume, type PersistentVolumePhase } from "../../api/core/v1/persistent-volume.ts"
import type { Client } from "../../client/client.ts"
import { referenceTo } from "../../client/create-event-recorder.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"
import { provisionerAnnotations } from "./annotations.ts"
import { isOurBinding } from "./plan-claim.ts"

/** Says on both sides that they belong together, the volume first; where that is said already, writes nothing. */
export async function bind(
  client: Client,
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
): Promise<void> {
  const bound = await bindVolume(client, volume, claim)
  await updateVolumePhase(client, bound, "Bound")
  const binding = await bindClaim(client, claim, bound)
  await updateClaimStatus(client, binding, "Bound", bound)
}

function bindVolume(client: Client, volume: PersistentVolume, claim: PersistentVolumeClaim) {
  const wasReserved = isMeantFor(volume, claim)
  if (wasReserved && volume.spec.claimRef?.uid === claim.metadata.uid) return volume
  const metadata = wasReserved ? volume.metadata : annotated(volume.metadata, [boundByControllerAnnotation])
  const spec = { ...volume.spec, claimRef: referenceTo(claim) }
  return client.update(PersistentVolume, { ...volume, metadata, spec })
}

function bindClaim(client: Client, claim: PersistentVolumeClaim, volume: PersistentVolume) {
  const { name } = volume.metadata
  const isNew = claim.spec.volumeName !== name
  if (!isNew && claim.metadata.annotations?.[bindCompletedAnnotation] !== undefined) return claim
  const metadata = annotated(
    claim.metadata,
    isNew ? [boundByControllerAnnotation, bindCompletedAnnotation] : [bindCompletedAnnotation],
  )
  return client.update(PersistentVolumeClaim, {
    ...claim,
    metadata,
    spec: { ...claim.spec, volumeName: name },
  })
}

function annotated<T extends { annotations?: Record<string, string> }>(metadata: T, keys: string[]): T {
  const marks = Object.fromEntries(keys.map((key) => [key, "yes"]))
  return { ...metadata, annotations: { ...marks, ...metadata.annotations } }
}

/** The volume is nobody's again; one that a person reserved stays reserved. */
export async function unbind(client: Client, volume: PersistentVolume): Promise<void> {
  const { claimRef, ...rest } = volume.spec
  const { [boundByControllerAnnotation]: _, ...annotations } = volume.metadata.annotations ?? {}
  const { uid: _uid, ...reservation } = claimRef ?? {}
  const freed = await client.update(
    PersistentVolume,
    isOurBinding(volume)
      ? { ...volume, metadata: { ...volume.metadata, annotations }, spec: rest }
      : { ...volume, spec: { ...rest, claimRef: reservation } },
  )
  await updateVolumePhase(client, freed, "Available")
}

/** True when it wrote. */
export async function updateVolumePhase(
  client: Client,
  volume: PersistentVolume,
  phase: PersistentVolumePhase,
  message?: string,
): Promise<boolean> {
  if (volume.status.phase === phase) return false
  const { message: _, ...status } = volume.status
  const next = { ...status, phase, ...(message && { message }) }
  await client.updateStatus(PersistentVolume, { ...volume, status: next })
  return true
}

/** True when it wrote. */
export async function updateClaimStatus(
  client: Client,
  claim: PersistentVolumeClaim,
  phase: PersistentVolumeClaimPhase,
  volume?: PersistentVolume,
): Promise<boolean> {
  const status = volume ? statusOfBound(claim, phase, volume) : statusWithout(claim, phase)
  if (semanticallyEqual(claim.status, status)) return false
  await client.updateStatus(PersistentVolumeClaim, { ...claim, status })
  return true
}

function statusWithout({ status }: PersistentVolumeClaim, phase: PersistentVolumeClaimPhase) {
  const { accessModes: _, capacity: _capacity, currentVolumeAttributesClassName: _class, ...rest } = status
  return { ...rest, phase }
}

/**
 * Size and attributes are told when the claim becomes bound and not again: afterwards whoever resizes or modifies the
 * volume says how far that has come.
 */
function statusOfBound(
  { status }: PersistentVolumeClaim,
  phase: PersistentVolumeClaimPhase,
  { metadata, spec }: PersistentVolume,
): PersistentVolumeClaimStatus {
  const next = { ...status, phase, accessModes: [...(spec.accessModes ?? [])] }
  if (status.phase === phase) return next
  const before = metadata.annotations?.["volume.alpha.kubernetes.io/pre-resize-capacity"]
  const size = before ?? spec.capacity?.["storage"] ?? "0"
  const isTold =
    compareQuantities(parseQuantity(status.capacity?.["storage"] ?? "0"), parseQuantity(size)) === 0
  const { volumeAttributesClassName } = spec
  return {
    ...next,
    ...(!isTold && { capacity: before ? { ...status.capacity, storage: size } : { ...spec.capacity } }),
    ...(status.phase === "Pending" &&
      volumeAttributesClassName !== undefined && {
        currentVolumeAttributesClassName: volumeAttributesClassName,
      }),
  }
}

/** Tells the provisioner that the claim is waiting for it. */
export async function markForProvisioner(
  client: Client,
  claim: PersistentVolumeClaim,
  provisioner: string,
): Promise<void> {
  const [, current] = provisionerAnnotations
  if (claim.metadata.annotations?.[current] === provisioner) return
  const marks = Object.fromEntries(provisionerAnnotations.map((key) => [key, provisioner]))
  const annotations = { ...claim.metadata.annotations, ...marks }
  await client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, annotations } })
}
