import { requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import type { PersistentVolumeSource } from "../v1/persistent-volume-source.ts"
import * as sources from "./volume-sources.ts"

/** What of a volume its source's rules depend on. */
export interface VolumeFacts {
  /** "" when it has none. */
  readonly name: string
  readonly hasNodeAffinity: boolean
}

export function* validatePersistentVolumeSource(
  source: PersistentVolumeSource,
  facts: VolumeFacts,
  path: FieldPath,
): Errors {
  yield* sources.exactlyOneSource<PersistentVolumeSource>(source, rulesFor(facts, path), path)
}

function rulesFor(
  { name, hasNodeAffinity }: VolumeFacts,
  path: FieldPath,
): readonly sources.SourceEntry<PersistentVolumeSource>[] {
  return [
    { name: "hostPath", rule: sources.hostPath },
    {
      name: "gcePersistentDisk",
      at: "persistentDisk",
      secondAt: "gcePersistentDisk",
      rule: sources.gcePersistentDisk,
    },
    { name: "awsElasticBlockStore", rule: sources.awsElasticBlockStore },
    { name: "glusterfs", rule: sources.persistentGlusterfs },
    { name: "flocker", rule: sources.flocker },
    { name: "nfs", rule: sources.nfs },
    { name: "rbd", rule: sources.rbd },
    { name: "quobyte", rule: sources.quobyte },
    { name: "cephfs", secondAt: "cephFS", rule: sources.cephfs },
    { name: "iscsi", rule: sources.persistentIscsi(name) },
    { name: "cinder", rule: sources.persistentCinder },
    { name: "fc", rule: sources.fibreChannel },
    // Upstream does not mind one after others.
    { name: "flexVolume", isAlwaysLookedAt: true, rule: sources.flexVolume },
    { name: "azureFile", rule: sources.persistentAzureFile },
    { name: "vsphereVolume", rule: sources.vsphereVolume },
    { name: "photonPersistentDisk", rule: sources.photonPersistentDisk },
    { name: "portworxVolume", rule: sources.portworxVolume },
    { name: "azureDisk", rule: sources.azureDisk },
    { name: "scaleIO", rule: sources.scaleIO },
    {
      name: "local",
      *rule(source: NonNullable<PersistentVolumeSource["local"]>, at: FieldPath): Errors {
        yield* sources.local(source, at)
        if (!hasNodeAffinity)
          yield requiredValue(path.child("nodeAffinity"), "Local volume requires node affinity")
      },
    },
    { name: "storageos", rule: sources.persistentStorageos },
    { name: "csi", rule: sources.persistentCsi },
  ]
}
