import { compareQuantities, parseQuantity } from "../../apimachinery/quantity.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { StorageClass } from "../../api/storage/v1/storage-class.ts"
import type { AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A claim grows only where its class says that its volumes can. */
export function persistentVolumeClaimResize({ cache }: AdmissionContext): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    on: [{ operations: ["UPDATE"], resources: ["persistentvolumeclaims"] }],
    validate(attributes) {
      const claim = attributes.object as PersistentVolumeClaim
      const old = attributes.oldObject as PersistentVolumeClaim
      if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return
      if (old.status.phase !== "Bound")
        throw refuse(attributes, "Only bound persistent volume claims can be expanded")
      const name = classOf(claim)
      const found = name && name === classOf(old) ? cache.find(StorageClass, { name }) : undefined
      if (found?.allowVolumeExpansion) return
      const why =
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
      throw refuse(attributes, why)
    },
  }
}

function sizeOf({ spec }: PersistentVolumeClaim) {
  return parseQuantity(spec.resources?.requests?.["storage"] ?? "0")
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec.storageClassName ?? ""
}
