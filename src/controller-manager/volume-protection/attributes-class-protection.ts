/**
 * VolumeAttributesClass protection: a class that is deleted stays as long as a volume has it or a claim wants it.
 *
 * Reads classes, claims and volumes; writes the classes' finalizer. Woken by changes of classes, and by claims and volumes
 * that name one before or after a change.
 */
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { VolumeAttributesClass } from "../../api/storage/v1/volume-attributes-class.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { hasFinalizer, withFinalizer, withoutFinalizer } from "../shared/finalizers.ts"

const finalizer = "kubernetes.io/vac-protection"
const index = "attributesClass"

export const attributesClassProtectionController: ControllerDefinition = {
  name: "volumeattributesclass-protection-controller",
  watches: [
    watch(VolumeAttributesClass, (one) => [keyOf(one)]),
    watch(PersistentVolumeClaim, (claim) => classesOfClaim(claim).map(toKey), { [index]: classesOfClaim }),
    watch(PersistentVolume, (volume) => classesOfVolume(volume).map(toKey), { [index]: classesOfVolume }),
  ],
  reconcile,
}

async function reconcile({ name }: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const found = cache.find(VolumeAttributesClass, { name })
  if (!found) return done
  const isProtected = hasFinalizer(found, finalizer)
  const isGoing = found.metadata.deletionTimestamp !== undefined
  if (!isGoing && !isProtected) await client.update(VolumeAttributesClass, withFinalizer(found, finalizer))
  if (isGoing && isProtected && !isUsed(name, cache))
    await client.update(VolumeAttributesClass, withoutFinalizer(found, finalizer)).catch(ignoreNotFound)
  return done
}

function isUsed(name: string, cache: Cache): boolean {
  return (
    cache.byIndex(PersistentVolume, index, name).length > 0 ||
    cache.byIndex(PersistentVolumeClaim, index, name).length > 0
  )
}

function classesOfVolume({ spec }: PersistentVolume): readonly string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : []
}

/** The one it wants, the one it has, and the one it is on the way to. */
function classesOfClaim({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec.volumeAttributesClassName,
    status.currentVolumeAttributesClassName,
    status.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(names.filter((name) => name !== undefined && name !== ""))] as string[]
}

function toKey(name: string): ObjectKey {
  return { name }
}
