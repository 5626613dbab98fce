import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { fieldIsImmutable } from "../../../apimachinery/validate-object-meta.ts"
import {
  dnsSubdomain,
  type Errors,
  immutable,
  oneOfIfSet,
  positiveQuantity,
} from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { formatDiff } from "../../validation/unified-diff.ts"
import type { NodeSelectorRequirement } from "../v1/node-selector.ts"
import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from "../v1/persistent-volume.ts"
import { PersistentVolumeSource } from "../v1/persistent-volume-source.ts"
import { validateAccessModes, volumeModes } from "./access-modes.ts"
import { validateNodeSelector } from "./node-selector.ts"
import { validatePersistentVolumeSource } from "./persistent-volume-sources.ts"
import { validateBasicQuantity } from "./resources.ts"

const path = fieldPath("spec")
const reclaimPolicies = ["Delete", "Recycle", "Retain"]

export function* validatePersistentVolume(volume: PersistentVolume): Errors {
  yield* validatePersistentVolumeSpec(volume.spec, volume.metadata.name ?? "", path)
  yield* mountOptions(volume)
}

function* validatePersistentVolumeSpec(spec: PersistentVolumeSpec, name: string, at: FieldPath): Errors {
  yield* accessModes(spec, at.child("accessModes"))
  yield* capacity(spec, at.child("capacity"))
  const { persistentVolumeReclaimPolicy: policy, storageClassName, volumeMode, nodeAffinity } = spec
  const policyPath = at.child("persistentVolumeReclaimPolicy")
  if (policy) yield* oneOfIfSet(policy, policyPath, reclaimPolicies)
  if (nodeAffinity) yield* validateVolumeNodeAffinity(nodeAffinity, at.child("nodeAffinity"))
  yield* validatePersistentVolumeSource(spec, { name, hasNodeAffinity: nodeAffinity !== undefined }, at)
  if (spec.hostPath && isRoot(spec.hostPath.path) && policy === "Recycle") {
    yield forbiddenValue(policyPath, "may not be 'recycle' for a hostPath mount of '/'")
  }
  if (storageClassName) yield* dnsSubdomain(storageClassName, at.child("storageClassName"))
  yield* oneOfIfSet(volumeMode, at.child("volumeMode"), volumeModes)
  yield* attributesClass(spec, at)
}

function* accessModes({ accessModes: modes = [] }: PersistentVolumeSpec, at: FieldPath): Errors {
  if (modes.length === 0) yield requiredValue(at)
  yield* validateAccessModes(modes, at)
}

function* attributesClass(
  { volumeAttributesClassName: name, csi }: PersistentVolumeSpec,
  at: FieldPath,
): Errors {
  if (name === undefined) return
  const namePath = at.child("volumeAttributesClassName")
  if (name) yield* dnsSubdomain(name, namePath)
  else yield requiredValue(namePath, "an empty string is disallowed")
  if (!csi) yield requiredValue(at.child("csi"), "has to be specified when using volumeAttributesClassName")
}

function isRoot(text: string): boolean {
  const parts: string[] = []
  for (const part of text.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== "" && part !== ".") parts.push(part)
  }
  return text.startsWith("/") && parts.length === 0
}

function* capacity({ capacity: amounts = {} }: PersistentVolumeSpec, at: FieldPath): Errors {
  const names = Object.keys(amounts)
  if (names.length === 0) yield requiredValue(at)
  if (names.length !== 1 || names[0] !== "storage") {
    yield { ...unsupportedValue(at, "", ["storage"]), badValue: names.length > 0 ? amounts : null }
  }
  for (const [name, amount] of Object.entries(amounts)) {
    yield* validateBasicQuantity(amount, at.key(name))
    yield* positiveQuantity(amount, at.key(name))
  }
}

export function* validateVolumeNodeAffinity({ required }: VolumeNodeAffinity, at: FieldPath): Errors {
  if (required) yield* validateNodeSelector(required, true, at.child("required"))
  else yield requiredValue(at.child("required"), "must specify required node constraints")
}

const mountable = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "photonPersistentDisk",
] as const
const mountOptionsAnnotation = "volume.beta.kubernetes.io/mount-options"

function* mountOptions({ metadata, spec }: PersistentVolume): Errors {
  if (metadata.annotations?.[mountOptionsAnnotation] === undefined) return
  if (mountable.some((name) => spec[name])) return
  const at = fieldPath("metadata").child("annotations", mountOptionsAnnotation)
  yield forbiddenValue(at, "may not specify mount options for this volume type")
}

export function* validatePersistentVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): Errors {
  yield* validatePersistentVolume(volume)
  yield* validatePersistentVolumeSpec(volume.spec, volume.metadata.name ?? "", path)
  const [source, before] = [sourceOf(volume.spec), sourceOf(old.spec)]
  // It was not there from the start, so volumes of before may get it.
  if (before.csi && !before.csi.controllerExpandSecretRef && source.csi) {
    const { controllerExpandSecretRef: _, ...csi } = source.csi
    source.csi = csi
  }
  if (!semanticEqual(source, before)) {
    const detail = `spec.persistentvolumesource is immutable after creation\n${formatDiff(before, source)}`
    yield forbiddenValue(path.child("persistentvolumesource"), detail)
  }
  yield* immutable(volume.spec.volumeMode, old.spec.volumeMode, fieldPath("volumeMode"))
  const { nodeAffinity, volumeAttributesClassName: name } = volume.spec
  if (old.spec.nodeAffinity && !isSamePlace(nodeAffinity, old.spec.nodeAffinity)) {
    const detail = `${fieldIsImmutable}, except for updating from beta label to GA`
    yield invalidValue(fieldPath("nodeAffinity"), nodeAffinity ?? null, detail)
  }
  if (old.spec.volumeAttributesClassName !== undefined && name === undefined) {
    const at = path.child("volumeAttributesClassName")
    yield forbiddenValue(at, "update from non-nil value to nil is forbidden")
  }
}

const sourceNames = Object.keys(PersistentVolumeSource.fields) as (keyof PersistentVolumeSource)[]

function sourceOf(spec: PersistentVolumeSpec): PersistentVolumeSource {
  const entries = sourceNames.map((name) => [name, spec[name]]).filter(([, source]) => source !== undefined)
  return Object.fromEntries(entries) as PersistentVolumeSource
}

const stableLabels: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}

/** Labels may have got their lasting names. */
function isSamePlace(now: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): boolean {
  if (semanticEqual(now, old)) return true
  const terms = now?.required?.nodeSelectorTerms ?? []
  const before = old.required?.nodeSelectorTerms ?? []
  if (!now?.required || !old.required || terms.length !== before.length) return false
  return terms.every((term, index) =>
    (["matchExpressions", "matchFields"] as const).every((list) =>
      areRenamed(term[list] ?? [], before[index]![list] ?? []),
    ),
  )
}

function areRenamed(
  now: readonly NodeSelectorRequirement[],
  old: readonly NodeSelectorRequirement[],
): boolean {
  if (now.length !== old.length) return false
  return now.every((requirement, index) => {
    const before = old[index]!
    const key = stableLabels[before.key] === requirement.key ? requirement.key : before.key
    return semanticEqual(requirement, { ...before, key })
  })
}

export function* validatePersistentVolumeStatusUpdate({ metadata }: PersistentVolume): Errors {
  if (!metadata.resourceVersion) yield requiredValue("resourceVersion")
}

/** Of a volume that stands in a VolumeAttachment itself: of in-tree kinds that were migrated to CSI. */
export function* validateInlineVolumeSpec(spec: PersistentVolumeSpec, at: FieldPath): Errors {
  const inline = "in the context of inline volumes"
  const { persistentVolumeReclaimPolicy: policy, volumeMode } = spec
  if (spec.claimRef) yield forbiddenValue(at.child("claimRef"), `may not be specified ${inline}`)
  if (Object.keys(spec.capacity ?? {}).length > 0) {
    yield forbiddenValue(at.child("capacity"), `may not be specified ${inline}`)
  }
  if (!spec.csi) yield requiredValue(at.child("csi"), `has to be specified ${inline}`)
  yield* accessModes(spec, at.child("accessModes"))
  if (policy && policy !== "Retain") {
    yield forbiddenValue(at.child("persistentVolumeReclaimPolicy"), `may only be Retain ${inline}`)
  }
  if (spec.nodeAffinity) yield forbiddenValue(at.child("nodeAffinity"), `may not be specified ${inline}`)
  yield* validatePersistentVolumeSource(spec, { name: "", hasNodeAffinity: false }, at)
  if (spec.hostPath && isRoot(spec.hostPath.path) && policy === "Recycle") {
    const detail = "may not be 'recycle' for a hostPath mount of '/'"
    yield forbiddenValue(at.child("persistentVolumeReclaimPolicy"), detail)
  }
  if (spec.storageClassName) {
    yield forbiddenValue(at.child("storageClassName"), `may not be specified ${inline}`)
  }
  if (volumeMode !== undefined && volumeMode !== "Filesystem") {
    const detail = `may not specify volumeMode other than Filesystem ${inline}`
    yield forbiddenValue(at.child("volumeMode"), detail)
  }
}
