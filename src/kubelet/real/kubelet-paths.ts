import { createHash } from "node:crypto"
import { join } from "node:path"

/** Where drivers and the pods that carry them expect a kubelet's directory. */
const usualRoot = "/var/lib/kubelet"

/** Beside the directories of CSI drivers. */
export const blockVolumes = "volumeDevices"

/** The places below a kubelet's directory, laid out as upstream's. */
export interface KubeletPaths {
  readonly root: string
  readonly pluginsRegistry: string
  readonly devicePlugins: string
  readonly podResources: string
  readonly checkpoints: string
  /** Which claims drivers have made ready. */
  readonly claimState: string
  /** What pods see of secrets; in memory alone. */
  readonly secrets: string
  /** Each pod has a directory here, by its uid. */
  readonly pods: string
  pod(podUid: string): string
  /** Of the CSI volumes in a pod. */
  csiVolumes(podUid: string): string
  /** The directory of a CSI volume in a pod; the volume itself is at `mount` in it. */
  csiVolume(podUid: string, specName: string): string
  /** Of the CSI block volumes in a pod. */
  csiDevices(podUid: string): string
  /** The directory of a CSI block volume in a pod. */
  csiDevice(podUid: string, specName: string): string
  /** Each CSI driver has a directory here; beside them is that of block volumes, which is none of a driver. */
  readonly csi: string
  /** Of the volumes of a driver on the node. */
  csiDriver(driver: string): string
  /** The directory of a CSI volume on the node; it is staged at `globalmount` in it. */
  csiGlobal(driver: string, volumeHandle: string): string
  csiStagedDevice(specName: string): string
  csiPublishedDevice(podUid: string, specName: string): string
}

export function kubeletPaths(root: string): KubeletPaths {
  const csi = join(root, "plugins/kubernetes.io/csi")
  const pods = join(root, "pods")
  const pod = (podUid: string) => join(pods, podUid)
  const csiVolumes = (podUid: string) => join(pod(podUid), "volumes/kubernetes.io~csi")
  const csiDevices = (podUid: string) => join(pod(podUid), "volumeDevices/kubernetes.io~csi")
  const csiDriver = (driver: string) => join(csi, driver)
  return {
    root,
    pluginsRegistry: join(root, "plugins_registry"),
    devicePlugins: join(root, "device-plugins"),
    podResources: join(root, "pod-resources"),
    checkpoints: join(root, "checkpoints"),
    claimState: join(root, "dra_manager_state"),
    secrets: join(root, "secrets"),
    pods,
    pod,
    csiVolumes,
    csiVolume: (podUid, specName) => join(csiVolumes(podUid), escape(specName)),
    csiDevices,
    csiDevice: (podUid, specName) => join(csiDevices(podUid), escape(specName)),
    csi,
    csiDriver,
    csiGlobal: (driver, volumeHandle) => join(csiDriver(driver), sha256(volumeHandle)),
    csiStagedDevice: (specName) => join(csi, blockVolumes, "staging", specName),
    csiPublishedDevice: (podUid, specName) => join(csi, blockVolumes, "publish", specName, podUid),
  }
}

/**
 * Manifests of drivers name /var/lib/kubelet, whichever directory a kubelet really has. In pods of this node that is this
 * kubelet's directory (docs/decisions/0100).
 */
export function toOwnPath(root: string, path: string): string {
  return replaceRoot(path, usualRoot, root)
}

/** The other way round: how a driver that knows the kubelet's directory by its usual name calls one of our paths. */
export function toUsualPath(root: string, path: string): string {
  return replaceRoot(path, root, usualRoot)
}

export function isUsualPath(path: string): boolean {
  return path.startsWith(`${usualRoot}/`)
}

function replaceRoot(path: string, from: string, to: string): string {
  return path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path
}

/** A name as a part of a path, as upstream writes it. */
function escape(name: string): string {
  return name.replaceAll("/", "~")
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
