import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { CSIVolumeSource } from "../../api/core/v1/volume.ts"
import type { CSIDriver } from "../../api/storage/v1/csi-driver.ts"

interface SecretKey {
  readonly namespace: string
  readonly name: string
}

/** A volume of a CSI driver as one pod wants it, whether it comes by a claim or is written in the pod. */
export interface CsiVolume {
  /** The persistent volume's name, or the one in the pod: what events and directories call it. */
  readonly specName: string
  /** The claim that it comes by, of the pod's namespace. */
  readonly claim?: string
  readonly driver: string
  readonly handle: string
  readonly lifecycle: "Persistent" | "Ephemeral"
  readonly isBlock: boolean
  readonly readOnly: boolean
  readonly fsType: string
  readonly accessModes: readonly string[]
  readonly mountOptions: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
  readonly stageSecret?: SecretKey
  readonly publishSecret?: SecretKey
  readonly expandSecret?: SecretKey
}

export function persistentCsiVolume(
  { metadata, spec }: PersistentVolume,
  { claim, readOnly }: { readonly claim: string; readonly readOnly: boolean },
): CsiVolume {
  const csi = spec.csi!
  const secret = (reference: { name?: string; namespace?: string } | undefined) =>
    reference && { namespace: reference.namespace ?? "", name: reference.name ?? "" }
  const stageSecret = secret(csi.nodeStageSecretRef)
  const publishSecret = secret(csi.nodePublishSecretRef)
  const expandSecret = secret(csi.nodeExpandSecretRef)
  return {
    specName: metadata.name,
    claim,
    driver: csi.driver,
    handle: csi.volumeHandle,
    lifecycle: "Persistent",
    isBlock: spec.volumeMode === "Block",
    readOnly,
    fsType: csi.fsType ?? "",
    accessModes: spec.accessModes ?? [],
    mountOptions: spec.mountOptions ?? [],
    attributes: csi.volumeAttributes ?? {},
    ...(stageSecret && { stageSecret }),
    ...(publishSecret && { publishSecret }),
    ...(expandSecret && { expandSecret }),
  }
}

/** `handle` is made from the pod and the volume's name: it must be unique, and the same each time. */
export function ephemeralCsiVolume(
  pod: Pod,
  specName: string,
  { handle, csi }: { handle: string; csi: CSIVolumeSource },
): CsiVolume {
  const secret = csi.nodePublishSecretRef?.name
  return {
    specName,
    driver: csi.driver,
    handle,
    lifecycle: "Ephemeral",
    isBlock: false,
    readOnly: csi.readOnly ?? false,
    fsType: csi.fsType ?? "",
    accessModes: ["ReadWriteOnce"],
    mountOptions: [],
    attributes: csi.volumeAttributes ?? {},
    ...(secret && { publishSecret: { namespace: pod.metadata.namespace ?? "", name: secret } }),
  }
}

/** As nodes tell what they have mounted: "kubernetes.io/csi/DRIVER^HANDLE". */
export function uniqueCsiName({ driver, handle }: { driver: string; handle: string }): string {
  return `kubernetes.io/csi/${driver}^${handle}`
}

/** Throws, in upstream's words, when the driver does not do volumes of this kind. */
export function checkLifecycle({ lifecycle, driver }: CsiVolume, object: CSIDriver | undefined): void {
  const modes = object?.spec.volumeLifecycleModes ?? ["Persistent"]
  if (modes.includes(lifecycle)) return
  const supported = object
    ? `only supports [${modes.map((mode) => JSON.stringify(mode)).join(" ")}]`
    : "no CSIDriver object"
  throw new Error(`volume mode "${lifecycle}" not supported by driver ${driver} (${supported})`)
}

/** What a driver with `podInfoOnMount` is told of the pod, among the volume's attributes. */
export function podAttributes({ metadata, spec }: Pod, { lifecycle }: CsiVolume): Record<string, string> {
  return {
    "csi.storage.k8s.io/pod.name": metadata.name,
    "csi.storage.k8s.io/pod.namespace": metadata.namespace ?? "",
    "csi.storage.k8s.io/pod.uid": metadata.uid,
    "csi.storage.k8s.io/serviceAccount.name": spec.serviceAccountName ?? "",
    "csi.storage.k8s.io/ephemeral": String(lifecycle === "Ephemeral"),
  }
}

/** Whether the kubelet gives the volume's files to the pod's fsGroup. */
export function changesGroup(volume: CsiVolume, object: CSIDriver | undefined): boolean {
  const policy = object?.spec.fsGroupPolicy ?? "ReadWriteOnceWithFSType"
  if (policy === "None" || volume.readOnly || volume.isBlock) return false
  if (policy === "File") return true
  const isOneNodes = volume.accessModes.some((mode) => /^ReadWriteOnce(Pod)?$/.test(mode))
  return volume.fsType !== "" && isOneNodes
}

/** The CSI access mode for the first of the volume's; `canShare`: the driver knows several pods of one node from one. */
export function csiAccessMode({ accessModes }: CsiVolume, canShare: boolean) {
  switch (accessModes[0] ?? "ReadWriteOnce") {
    case "ReadWriteOnce":
      return canShare ? "SINGLE_NODE_MULTI_WRITER" : "SINGLE_NODE_WRITER"
    case "ReadWriteOncePod":
      return canShare ? "SINGLE_NODE_SINGLE_WRITER" : "SINGLE_NODE_WRITER"
    case "ReadOnlyMany":
      return "MULTI_NODE_READER_ONLY"
    case "ReadWriteMany":
      return "MULTI_NODE_MULTI_WRITER"
    default:
      return "UNKNOWN"
  }
}
