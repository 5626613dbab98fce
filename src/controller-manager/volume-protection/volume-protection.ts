/**
 * Volume protection: a PersistentVolume that is deleted stays as long as it is bound.
 *
 * Reads volumes; writes their finalizer. Woken by changes of volumes.
 */
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { hasFinalizer, withFinalizer, withoutFinalizer } from "../shared/finalizers.ts"

const finalizer = "kubernetes.io/pv-protection"

export const volumeProtectionController: ControllerDefinition = {
  name: "persistentvolume-protection-controller",
  eventSource: "pv-protection-controller",
  watches: [watch(PersistentVolume, (volume) => [keyOf(volume)])],
  reconcile,
}

async function reconcile(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const volume = cache.find(PersistentVolume, key)
  if (!volume) return done
  const isProtected = hasFinalizer(volume, finalizer)
  const isGoing = volume.metadata.deletionTimestamp !== undefined
  if (!isGoing && !isProtected) await client.update(PersistentVolume, withFinalizer(volume, finalizer))
  if (isGoing && isProtected && volume.status.phase !== "Bound")
    await client.update(PersistentVolume, withoutFinalizer(volume, finalizer)).catch(ignoreNotFound)
  return done
}
