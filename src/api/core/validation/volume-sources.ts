import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import {
  csiDriverName,
  dnsLabel,
  dnsSubdomain,
  type Errors,
  isEmpty,
  oneOfIfSet,
  required,
  within,
} from "../../validation/checks.ts"
import { descendingPath, noBacksteps } from "../../validation/paths.ts"
import type { SecretReference } from "../v1/object-reference.ts"
import type { PersistentVolumeSource } from "../v1/persistent-volume-source.ts"
import type { VolumeSource } from "../v1/volume.ts"

// Where a volume's bytes are. Pods and PersistentVolumes know the same sources and differ in how they name secrets; most are
// drivers of the past whose objects may still be around.

type Sources = VolumeSource & PersistentVolumeSource
type Source<K extends keyof Sources> = NonNullable<Sources[K]>

/** What may be wrong with a source of one kind. */
export type SourceRule<T> = (source: T, path: FieldPath) => Errors

/**
 * One source of several, each by its own rule; a second one is refused unseen.
 *
 * @param rules in the order in which sources are looked at
 */
export function* exactlyOneSource<T extends object>(
  sources: T,
  rules: readonly SourceEntry<T>[],
  path: FieldPath,
): Errors {
  let found = 0
  for (const { name, at = name, secondAt = at, isAlwaysLookedAt, rule } of rules) {
    const source = sources[name]
    if (source === undefined) continue
    if (found++ > 0 && !isAlwaysLookedAt)
      yield forbiddenValue(path.child(secondAt), "may not specify more than 1 volume type")
    else yield* rule(source as never, path.child(at))
  }
  if (found === 0) yield requiredValue(path, "must specify a volume type")
}

export interface SourceEntry<T> {
  readonly name: keyof T & string
  /** Where errors say they are; upstream differs from the field's name here and there. */
  readonly at?: string
  readonly secondAt?: string
  readonly isAlwaysLookedAt?: boolean
  readonly rule: SourceRule<never>
}

const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
]

export function* hostPath({ path: target, type }: Source<"hostPath">, path: FieldPath): Errors {
  if (!target) {
    yield requiredValue(path.child("path"))
    return
  }
  yield* noBacksteps(target, path.child("path"))
  yield* oneOfIfSet(type, path.child("type"), hostPathTypes)
}

export function* gitRepo({ repository, directory = "" }: Source<"gitRepo">, path: FieldPath): Errors {
  yield* required(repository, path.child("repository"))
  yield* descendingPath(directory, path.child("directory"))
}

export function* gcePersistentDisk(disk: Source<"gcePersistentDisk">, path: FieldPath): Errors {
  yield* required(disk.pdName, path.child("pdName"))
  yield* diskPartition(disk.partition, path)
}

export function* awsElasticBlockStore(disk: Source<"awsElasticBlockStore">, path: FieldPath): Errors {
  yield* required(disk.volumeID, path.child("volumeID"))
  yield* diskPartition(disk.partition, path)
}

function* diskPartition(partition: number | undefined, path: FieldPath): Errors {
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    yield invalidValue(path.child("partition"), partition, "must be between 1 and 255, inclusive")
  }
}

export function* nfs({ server, path: target }: Source<"nfs">, path: FieldPath): Errors {
  yield* required(server, path.child("server"))
  yield* required(target, path.child("path"))
  if (!target.startsWith("/")) yield invalidValue(path.child("path"), target, "must be an absolute path")
}

const initiatorForms = [
  { prefix: "iqn", pattern: /iqn\.\d{4}-\d{2}\.([0-9A-Za-z\-.]+)(:[^,;*&$|\s]+)$/ },
  { prefix: "eui", pattern: /^eui.[0-9A-Za-z]{16}$/ },
  { prefix: "naa", pattern: /^naa.[0-9A-Za-z]{32}$/ },
]

interface IscsiFields {
  readonly targetPortal: string
  readonly iqn: string
  readonly lun: number
  readonly chapAuthDiscovery?: boolean | undefined
  readonly chapAuthSession?: boolean | undefined
  readonly secretRef?: { readonly name?: string | undefined } | undefined
  readonly initiatorName?: string | undefined
}

/** @param unknownForm what is said of a name that begins with none of the three prefixes */
function* iscsiFields(iscsi: IscsiFields, path: FieldPath, unknownForm: string): Errors {
  const { iqn, lun, initiatorName } = iscsi
  if (!iqn) yield requiredValue(path.child("iqn"))
  else yield* initiator(iqn, path.child("iqn"), unknownForm)
  yield* within(lun, path.child("lun"), 0, 255)
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && !iscsi.secretRef) {
    yield requiredValue(path.child("secretRef"))
  }
  if (initiatorName !== undefined) yield* initiator(initiatorName, path.child("initiatorname"), unknownForm)
}

function* initiator(name: string, path: FieldPath, unknownForm: string): Errors {
  const form = initiatorForms.find(({ prefix }) => name.startsWith(prefix))
  if (!form) yield invalidValue(path, name, unknownForm)
  else if (!form.pattern.test(name)) yield invalidValue(path, name, "must be valid format")
}

/** Names of block devices are made of both. */
export function* iscsiPortalLength(
  { initiatorName, targetPortal }: Source<"iscsi">,
  volumeName: string,
  path: FieldPath,
  shown = volumeName,
): Errors {
  if (initiatorName === undefined || utf8Length(`${volumeName}:${targetPortal}`) <= 64) return
  const detail =
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
  yield invalidValue(path, shown, detail)
}

export function* iscsi(source: Source<"iscsi">, path: FieldPath): Errors {
  yield* required(source.targetPortal, path.child("targetPortal"))
  yield* iscsiFields(source, path, "must be valid format starting with iqn, eui, or naa")
}

export function persistentIscsi(volumeName: string): SourceRule<Source<"iscsi">> {
  return function* (source, path) {
    const { targetPortal, secretRef } = source
    yield* required(targetPortal, path.child("targetPortal"))
    yield* iscsiPortalLength(source, volumeName, path.child("targetportal"), targetPortal)
    yield* iscsiFields(source, path, "must be valid format")
    if (secretRef) yield* required(secretRef.name, path.child("secretRef", "name"))
  }
}

export function* glusterfs({ endpoints, path: target }: Source<"glusterfs">, path: FieldPath): Errors {
  yield* required(endpoints, path.child("endpoints"))
  yield* required(target, path.child("path"))
}

export function* persistentGlusterfs(source: Source<"glusterfs">, path: FieldPath): Errors {
  yield* glusterfs(source, path)
  const { endpointsNamespace } = source as { endpointsNamespace?: string }
  if (endpointsNamespace === undefined) return
  const at = path.child("endpointsNamespace")
  if (endpointsNamespace !== "") yield* dnsLabel(endpointsNamespace, at)
  else yield invalidValue(at, "", "if the endpointnamespace is set, it must be a valid namespace name")
}

export function* flocker({ datasetName = "", datasetUUID }: Source<"flocker">, path: FieldPath): Errors {
  if (!datasetName && !datasetUUID)
    yield requiredValue(path, "one of datasetName and datasetUUID is required")
  if (datasetName && datasetUUID) {
    yield invalidValue(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
  }
  if (datasetName.includes("/")) {
    yield invalidValue(path.child("datasetName"), datasetName, "must not contain '/'")
  }
}

export function* rbd({ monitors, image }: Source<"rbd">, path: FieldPath): Errors {
  yield* required(monitors, path.child("monitors"))
  yield* required(image, path.child("image"))
}

export function* cephfs({ monitors }: Source<"cephfs">, path: FieldPath): Errors {
  yield* required(monitors, path.child("monitors"))
}

interface WithSecret {
  readonly secretRef?:
    | { readonly name?: string | undefined; readonly namespace?: string | undefined }
    | undefined
}

function* secretName({ secretRef }: WithSecret, path: FieldPath): Errors {
  if (secretRef) yield* required(secretRef.name, path.child("secretRef", "name"))
}

function* secretNameAndNamespace({ secretRef }: WithSecret, path: FieldPath): Errors {
  if (!secretRef) return
  yield* required(secretRef.name, path.child("secretRef", "name"))
  yield* required(secretRef.namespace, path.child("secretRef", "namespace"))
}

export function* cinder(source: Source<"cinder">, path: FieldPath): Errors {
  yield* required(source.volumeID, path.child("volumeID"))
  yield* secretName(source, path)
}

export function* persistentCinder(source: Source<"cinder">, path: FieldPath): Errors {
  yield* required(source.volumeID, path.child("volumeID"))
  yield* secretNameAndNamespace(source, path)
}

const hostPortExpected = "must be a host:port pair or multiple pairs separated by commas"

export function* quobyte({ registry, tenant = "", volume }: Source<"quobyte">, path: FieldPath): Errors {
  if (!registry) yield requiredValue(path.child("registry"), hostPortExpected)
  else if (utf8Length(tenant) >= 65) {
    yield requiredValue(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters")
  } else {
    for (const pair of registry.split(",")) {
      if (!/^(\[[^\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair)) {
        yield invalidValue(path.child("registry"), registry, hostPortExpected)
      }
    }
  }
  yield* required(volume, path.child("volume"))
}

export function* fibreChannel({ targetWWNs = [], wwids = [], lun }: Source<"fc">, path: FieldPath): Errors {
  const at = path.child("targetWWNs")
  if (targetWWNs.length === 0 && wwids.length === 0) {
    yield requiredValue(at, "must specify either targetWWNs or wwids, but not both")
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    yield invalidValue(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously")
  }
  if (targetWWNs.length === 0) return
  if (lun === undefined) yield requiredValue(path.child("lun"), "lun is required if targetWWNs is specified")
  else yield* within(lun, path.child("lun"), 0, 255)
}

export function* flexVolume({ driver, options = {} }: Source<"flexVolume">, path: FieldPath): Errors {
  yield* required(driver, path.child("driver"))
  for (const key of Object.keys(options)) {
    const namespace = `.${key.split("/", 1)[0]!.toLowerCase()}`
    if (namespace.endsWith(".kubernetes.io") || namespace.endsWith(".k8s.io")) {
      yield invalidValue(
        path.child("options").key(key),
        key,
        "kubernetes.io and k8s.io namespaces are reserved",
      )
    }
  }
}

export function* azureFile({ secretName: secret, shareName }: Source<"azureFile">, path: FieldPath): Errors {
  yield* required(secret, path.child("secretName"))
  yield* required(shareName, path.child("shareName"))
}

export function* persistentAzureFile(source: Source<"azureFile">, path: FieldPath): Errors {
  yield* azureFile(source, path)
  const { secretNamespace } = source as { secretNamespace?: string }
  if (secretNamespace === "") yield requiredValue(path.child("secretNamespace"))
}

const managedDisk =
  "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
const blobDisk = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"

export function* azureDisk(disk: Source<"azureDisk">, path: FieldPath): Errors {
  const { diskName, diskURI, cachingMode, kind } = disk
  yield* required(diskName, path.child("diskName"))
  yield* required(diskURI, path.child("diskURI"))
  yield* oneOfIfSet(cachingMode, path.child("cachingMode"), ["None", "ReadOnly", "ReadWrite"])
  yield* oneOfIfSet(kind, path.child("kind"), ["Dedicated", "Managed", "Shared"])
  if (kind === "Managed" && !diskURI.startsWith("/subscriptions/")) {
    yield unsupportedValue(path.child("diskURI"), diskURI, [managedDisk])
  }
  if (kind !== "Managed" && !diskURI.startsWith("https://")) {
    yield unsupportedValue(path.child("diskURI"), diskURI, [blobDisk])
  }
}

export function* vsphereVolume({ volumePath }: Source<"vsphereVolume">, path: FieldPath): Errors {
  yield* required(volumePath, path.child("volumePath"))
}

export function* photonPersistentDisk({ pdID }: Source<"photonPersistentDisk">, path: FieldPath): Errors {
  yield* required(pdID, path.child("pdID"))
}

export function* portworxVolume({ volumeID }: Source<"portworxVolume">, path: FieldPath): Errors {
  yield* required(volumeID, path.child("volumeID"))
}

export function* scaleIO({ gateway, system, volumeName }: Source<"scaleIO">, path: FieldPath): Errors {
  yield* required(gateway, path.child("gateway"))
  yield* required(system, path.child("system"))
  yield* required(volumeName, path.child("volumeName"))
}

interface StorageOsFields extends WithSecret {
  readonly volumeName?: string | undefined
  readonly volumeNamespace?: string | undefined
}

function* storageOsNames({ volumeName, volumeNamespace }: StorageOsFields, path: FieldPath): Errors {
  if (!volumeName) yield requiredValue(path.child("volumeName"))
  else yield* dnsLabel(volumeName, path.child("volumeName"))
  if (volumeNamespace) yield* dnsLabel(volumeNamespace, path.child("volumeNamespace"))
}

export function* storageos(source: StorageOsFields, path: FieldPath): Errors {
  yield* storageOsNames(source, path)
  yield* secretName(source, path)
}

export function* persistentStorageos(source: StorageOsFields, path: FieldPath): Errors {
  yield* storageOsNames(source, path)
  yield* secretNameAndNamespace(source, path)
}

export function* local({ path: target }: Source<"local">, path: FieldPath): Errors {
  if (!target) yield requiredValue(path.child("path"))
  else yield* noBacksteps(target, path.child("path"))
}

const persistentCsiSecrets = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
] as const

export function* persistentCsi(csi: NonNullable<PersistentVolumeSource["csi"]>, path: FieldPath): Errors {
  yield* csiDriverName(csi.driver, path.child("driver"))
  yield* required(csi.volumeHandle, path.child("volumeHandle"))
  for (const name of persistentCsiSecrets) {
    const secret = csi[name]
    if (secret) yield* secretReference(secret, path.child(name))
  }
}

function* secretReference({ name, namespace }: SecretReference, path: FieldPath): Errors {
  if (!name) yield requiredValue(path.child("name"))
  else yield* dnsSubdomain(name, path.child("name"))
  if (!namespace) yield requiredValue(path.child("namespace"))
  else yield* dnsLabel(namespace, path.child("namespace"))
}

export function* inlineCsi(csi: NonNullable<VolumeSource["csi"]>, path: FieldPath): Errors {
  yield* csiDriverName(csi.driver, path.child("driver"))
  const { nodePublishSecretRef: secret } = csi
  if (!secret) return
  if (isEmpty(secret.name)) yield requiredValue(path.child("nodePublishSecretRef", "name"))
  else yield* dnsSubdomain(secret.name ?? "", path.child("name"))
}
