import type { AdmissionPlugin } from "./admission.ts"

const finalizers: Readonly<Record<string, string>> = {
  PersistentVolume: "kubernetes.io/pv-protection",
  PersistentVolumeClaim: "kubernetes.io/pvc-protection",
  VolumeAttributesClass: "kubernetes.io/vac-protection",
}

/** Storage that somebody uses does not go before they have let go: a controller takes the finalizer off then. */
export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: "StorageObjectInUseProtection",
    on: [
      {
        operations: ["CREATE"],
        resources: ["persistentvolumes", "persistentvolumeclaims", "volumeattributesclasses.storage.k8s.io"],
      },
    ],
    mutate({ object, kind }) {
      const finalizer = finalizers[kind.kind]
      const present = object?.metadata.finalizers ?? []
      if (!object || !finalizer || present.includes(finalizer)) return object
      return { ...object, metadata: { ...object.metadata, finalizers: [...present, finalizer] } }
    },
  }
}
