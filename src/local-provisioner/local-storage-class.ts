import type { Draft } from "../apimachinery/meta.ts"
import { ignoreAlreadyExists } from "../apimachinery/status-error.ts"
import { StorageClass } from "../api/storage/v1/storage-class.ts"
import type { Client } from "../client/client.ts"

export const localProvisioner = "coracle.dev/local"

/** The class of claims that name none: a directory on the node where the pod is to run. */
const localStorageClass: Draft<StorageClass> = {
  metadata: {
    name: "standard",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner: localProvisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
}

/** Makes it if it is not there; what somebody changed stays changed. */
export async function ensureLocalStorageClass(client: Client): Promise<void> {
  await client.create(StorageClass, localStorageClass).catch(ignoreAlreadyExists)
}
