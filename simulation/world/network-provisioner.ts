import { PersistentVolume } from "../../src/api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../src/api/core/v1/persistent-volume-claim.ts"
import type { StorageClass } from "../../src/api/storage/v1/storage-class.ts"
import { type Draft, keyOf, type ObjectKey } from "../../src/apimachinery/meta.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../src/apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../src/client/controller.ts"
import { storageClassName } from "../operations/templates.ts"

const provisioner = "simulation.coracle.dev/network"

/** Its volumes can be reached from every node: a replica that moves finds its data again. */
export const networkStorageClass: Draft<StorageClass> = {
  metadata: { name: storageClassName },
  provisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
}

/** As the external provisioner beside a CSI driver: a volume for each claim that waits, and none when it is released. */
export const networkProvisioner: ControllerDefinition = {
  name: "network-provisioner",
  watches: [
    watch(PersistentVolumeClaim, (claim) => [keyOf(claim)]),
    watch(PersistentVolume, (volume) => [keyOf(volume)]),
  ],
  reconcile: (key, context) => (key.namespace ? provision(key, context) : remove(key, context)),
}

async function provision(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const claim = cache.find(PersistentVolumeClaim, key)
  const isOurs = claim?.metadata.annotations?.["volume.kubernetes.io/storage-provisioner"] === provisioner
  if (!claim || !isOurs || claim.spec.volumeName || claim.metadata.deletionTimestamp) return done
  const { namespace, name, uid, resourceVersion } = claim.metadata
  await client
    .create(PersistentVolume, {
      metadata: {
        name: `pvc-${uid}`,
        annotations: { "pv.kubernetes.io/provisioned-by": provisioner },
      },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion },
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName,
        nfs: { server: "storage", path: `/${uid}` },
      },
    })
    .catch(ignoreAlreadyExists)
  return done
}

async function remove(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const volume = cache.find(PersistentVolume, key)
  if (volume?.status.phase === "Released" && !volume.metadata.deletionTimestamp)
    await client.delete(PersistentVolume, key).catch(ignoreNotFound)
  return done
}
