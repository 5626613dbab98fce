import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { dnsSubdomainProblems } from "../../../apimachinery/names.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { validateAnnotations, validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import { quote } from "../../../base/quote.ts"
import { dnsLabel, type Errors, isEmpty, oneOf, required } from "../../validation/checks.ts"
import { fileMode } from "../../validation/paths.ts"
import type { PersistentVolumeClaimTemplate, Volume, VolumeSource } from "../v1/volume.ts"
import { pullPolicies } from "./pull-policies.ts"
import { validatePersistentVolumeClaimSpec } from "./persistent-volume-claim-spec.ts"
import { validateDownwardApiFile, validateKeyToPath, validateProjectedVolume } from "./projected-volumes.ts"
import * as sources from "./volume-sources.ts"

/** The pod that volumes belong to; nothing is known of the name of a template's pod. */
export interface VolumeOwner {
  readonly podName: string | undefined
  /** False in templates, where more may be left open. */
  readonly isPod: boolean
}

/** Volumes by name, for mounts to refer to; what is not valid is not there. */
export type KnownVolumes = ReadonlyMap<string, VolumeSource>

export function* validateVolumes(
  volumes: readonly Volume[],
  owner: VolumeOwner,
  path: FieldPath,
): Generator<FieldError, KnownVolumes> {
  const known = new Map<string, VolumeSource>()
  const { podName } = owner
  const ephemeral = volumes.filter((volume) => podName && volume.ephemeral)
  const createdClaims = new Set(ephemeral.map((volume) => `${podName}-${volume.name}`))
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index)
    const errors = [...validateVolumeSource(volume, owner, at), ...validateName(volume.name, known, at)]
    if (errors.length === 0) known.set(volume.name, volume)
    yield* errors
    const claimName = volume.persistentVolumeClaim?.claimName
    if (claimName && createdClaims.has(claimName)) {
      const detail = "must not reference a PVC that gets created for an ephemeral volume"
      yield invalidValue(at.child("persistentVolumeClaim", "claimName"), claimName, detail)
    }
  }
  return known
}

function* validateName(name: string, known: KnownVolumes, path: FieldPath): Errors {
  const at = path.child("name")
  if (!name) yield requiredValue(at)
  else yield* dnsLabel(name, at)
  if (known.has(name)) yield duplicateValue(at, name)
}

function* validateVolumeSource(volume: Volume, owner: VolumeOwner, path: FieldPath): Errors {
  const { name } = volume
  yield* sources.exactlyOneSource<VolumeSource>(volume, rulesFor(owner), path)
  if (volume.iscsi) yield* sources.iscsiPortalLength(volume.iscsi, name, path.child("name"))
  const others = Object.keys(volume).filter((key) => !["name", "ephemeral", "image"].includes(key))
  if (volume.ephemeral && others.length === 0 && owner.podName && name) {
    const claim = `${owner.podName}-${name}`
    for (const problem of dnsSubdomainProblems(claim)) {
      yield invalidValue(path.child("name"), name, `PVC name ${quote(claim)}: ${problem}`)
    }
  }
}

function rulesFor({ isPod }: VolumeOwner): readonly sources.SourceEntry<VolumeSource>[] {
  return [
    { name: "emptyDir", rule: emptyDir },
    { name: "hostPath", rule: sources.hostPath },
    { name: "gitRepo", rule: sources.gitRepo },
    {
      name: "gcePersistentDisk",
      at: "persistentDisk",
      secondAt: "gcePersistentDisk",
      rule: sources.gcePersistentDisk,
    },
    { name: "awsElasticBlockStore", rule: sources.awsElasticBlockStore },
    { name: "secret", rule: secret },
    { name: "nfs", rule: sources.nfs },
    { name: "iscsi", rule: sources.iscsi },
    { name: "glusterfs", rule: sources.glusterfs },
    { name: "flocker", rule: sources.flocker },
    { name: "persistentVolumeClaim", rule: persistentVolumeClaim },
    { name: "rbd", rule: sources.rbd },
    { name: "cinder", rule: sources.cinder },
    { name: "cephfs", secondAt: "cephFS", rule: sources.cephfs },
    { name: "quobyte", rule: sources.quobyte },
    { name: "downwardAPI", secondAt: "downwarAPI", rule: downwardApi },
    { name: "fc", rule: sources.fibreChannel },
    { name: "flexVolume", rule: sources.flexVolume },
    { name: "configMap", rule: configMap },
    { name: "azureFile", rule: sources.azureFile },
    { name: "vsphereVolume", rule: sources.vsphereVolume },
    { name: "photonPersistentDisk", rule: sources.photonPersistentDisk },
    { name: "portworxVolume", rule: sources.portworxVolume },
    { name: "azureDisk", rule: sources.azureDisk },
    { name: "storageos", rule: sources.storageos },
    { name: "projected", rule: validateProjectedVolume },
    { name: "scaleIO", rule: sources.scaleIO },
    { name: "csi", rule: sources.inlineCsi },
    { name: "ephemeral", rule: ephemeralVolume },
    { name: "image", rule: image(isPod) },
  ]
}

type Source<K extends keyof VolumeSource> = NonNullable<VolumeSource[K]>

function* emptyDir({ sizeLimit }: Source<"emptyDir">, path: FieldPath): Errors {
  if (sizeLimit !== undefined && parseQuantity(sizeLimit).nanos < 0n) {
    yield forbiddenValue(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")
  }
}

function* secret({ secretName, defaultMode, items = [] }: Source<"secret">, path: FieldPath): Errors {
  yield* required(secretName, path.child("secretName"))
  yield* fileMode(defaultMode, path.child("defaultMode"))
  for (const [index, item] of items.entries()) {
    yield* validateKeyToPath(item, path.child("items").index(index))
  }
}

function* configMap({ name, defaultMode, items = [] }: Source<"configMap">, path: FieldPath): Errors {
  yield* required(name, path.child("name"))
  yield* fileMode(defaultMode, path.child("defaultMode"))
  for (const [index, item] of items.entries()) {
    yield* validateKeyToPath(item, path.child("items").index(index))
  }
}

function* persistentVolumeClaim({ claimName }: Source<"persistentVolumeClaim">, path: FieldPath): Errors {
  yield* required(claimName, path.child("claimName"))
}

function* downwardApi({ defaultMode, items = [] }: Source<"downwardAPI">, path: FieldPath): Errors {
  yield* fileMode(defaultMode, path.child("defaultMode"))
  for (const file of items) yield* validateDownwardApiFile(file, path)
}

function* ephemeralVolume({ volumeClaimTemplate }: Source<"ephemeral">, path: FieldPath): Errors {
  const at = path.child("volumeClaimTemplate")
  if (!volumeClaimTemplate) yield requiredValue(at)
  else yield* claimTemplate(volumeClaimTemplate, at)
}

function* claimTemplate({ metadata, spec }: PersistentVolumeClaimTemplate, path: FieldPath): Errors {
  const at = path.child("metadata")
  const { annotations, labels, ...rest } = metadata ?? {}
  yield* validateAnnotations(annotations, at.child("annotations"))
  yield* validateLabels(labels, at.child("labels"))
  for (const [name, value] of Object.entries(rest)) {
    if (!isEmpty(value)) yield forbiddenValue(at.child(name), "cannot be set")
  }
  yield* validatePersistentVolumeClaimSpec(spec, path.child("spec"))
}

function image(isPod: boolean): sources.SourceRule<Source<"image">> {
  return function* ({ reference, pullPolicy }, path) {
    if (isPod) yield* required(reference, path.child("reference"))
    yield* oneOf(pullPolicy, path.child("pullPolicy"), pullPolicies)
  }
}
