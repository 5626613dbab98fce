import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import type { PersistentVolume } from "../v1/persistent-volume.ts"
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../v1/persistent-volume-claim.ts"
import { nodeSelectorTermWarnings } from "./deprecated-labels.ts"

const classAnnotation = "volume.beta.kubernetes.io/storage-class"
const useClassField = 'deprecated since v1.8; use "storageClassName" attribute instead'
const mountOptionsAnnotation = "volume.beta.kubernetes.io/mount-options"
const useMountOptionsField = 'deprecated since v1.31; use "mountOptions" attribute instead'

const goneSources = {
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
} as const

export function* persistentVolumeWarnings({ metadata, spec }: PersistentVolume): Iterable<string> {
  const annotations = fieldPath("metadata", "annotations")
  if (metadata.annotations?.[classAnnotation] !== undefined) {
    yield `${annotations.key(classAnnotation)}: ${useClassField}`
  }
  if (metadata.annotations?.[mountOptionsAnnotation] !== undefined) {
    yield `${annotations.key(mountOptionsAnnotation)}: ${useMountOptionsField}`
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    yield "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
  }
  const terms = fieldPath("spec", "nodeAffinity", "required", "nodeSelectorTerms")
  for (const [index, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) {
    yield* nodeSelectorTermWarnings(term, terms.index(index))
  }
  for (const [name, text] of Object.entries(goneSources)) {
    const shown = name === "storageos" ? "storageOS" : name
    if (spec[name as keyof typeof goneSources]) yield `spec.${shown}: ${text}`
  }
}

export function* persistentVolumeClaimWarnings({ metadata, spec }: PersistentVolumeClaim): Iterable<string> {
  if (metadata.annotations?.[classAnnotation] !== undefined) {
    yield `${fieldPath("metadata", "annotations").key(classAnnotation)}: ${useClassField}`
  }
  yield* claimSpecWarnings(spec, fieldPath("spec"))
}

export function* claimSpecWarnings(
  { resources }: PersistentVolumeClaimSpec,
  path: FieldPath,
): Iterable<string> {
  for (const part of ["requests", "limits"] as const) {
    const amount = resources?.[part]?.["storage"]
    if (amount === undefined) continue
    const quantity = parseQuantity(amount)
    if (quantity.nanos % 1_000_000_000n === 0n) continue
    const at = path.child("resources", part).key("storage")
    yield `${at}: fractional byte value "${quantity.text}" is invalid, must be an integer`
  }
}
