import { chmod, mkdir, stat } from "node:fs/promises"
import type { Commands } from "../../../base/commands.ts"
import { isMounted } from "../../../base/real/mount-table.ts"
import { quantityValue } from "../../../apimachinery/quantity.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import type { FilesystemSpace } from "../../node-host.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import { ephemeralCsiVolume, persistentCsiVolume } from "../../volumes/csi-volume.ts"
import type { CsiVolumes } from "../csi/csi-volumes.ts"
import { sha256, toOwnPath } from "../kubelet-paths.ts"
import { ensureHostPath } from "./host-path.ts"
import { giveToGroup } from "./ownership.ts"
import { isHugePageMedium, pageSizeOfMedium } from "../../containers/huge-pages.ts"

export interface MountContext {
  readonly pod: Pod
  /** Where the volume is mounted, if it is not somewhere on the host already. */
  readonly directory: string
  readonly objects: NodeObjects
  readonly commands: Commands
  readonly csi: CsiVolumes
  /** The kubelet's own directory. */
  readonly root: string
}

export interface MountedVolume {
  /** Where it is on the host. */
  readonly path: string
  /** It is a device, not a directory (volumeMode Block). */
  readonly isDevice?: boolean
  /** Containers may only read it. @default by its type */
  readonly isReadOnly?: boolean
  /** The claim that it comes by. */
  readonly claim?: string
  /** How full it is, where a driver knows. @default as its file system says */
  readonly measure?: () => Promise<FilesystemSpace | undefined>
}

/** Mounts a volume that is a place on a disk or a server; undefined for volumes that are files made from objects. */
export async function mountSource(context: MountContext, volume: Volume): Promise<MountedVolume | undefined> {
  const { hostPath, emptyDir, nfs, persistentVolumeClaim, ephemeral, image, csi } = volume
  // Images are mounted by the container runtime, container by container.
  if (image) return { path: "" }
  if (hostPath) {
    const path = toOwnPath(context.root, hostPath.path)
    await ensureHostPath(path, hostPath.type ?? "")
    return { path }
  }
  if (csi) {
    const handle = `csi-${sha256(context.pod.metadata.uid + volume.name)}`
    return context.csi.mount(context.pod, ephemeralCsiVolume(context.pod, volume.name, { handle, csi }))
  }
  if (emptyDir) return mountEmptyDir(context, emptyDir)
  if (nfs) return mountNfs(context, nfs)
  if (persistentVolumeClaim)
    return mountClaim(context, persistentVolumeClaim.claimName, persistentVolumeClaim.readOnly ?? false)
  // The ephemeral volume controller makes a claim with this name, owned by the pod.
  if (ephemeral) return mountClaim(context, `${context.pod.metadata.name}-${volume.name}`, false)
  return undefined
}

async function mountEmptyDir(
  { pod, directory, commands }: MountContext,
  { medium, sizeLimit }: NonNullable<Volume["emptyDir"]>,
): Promise<MountedVolume> {
  await mkdir(directory, { recursive: true })
  if (medium !== undefined && isHugePageMedium(medium)) {
    const option = `pagesize=${pageSizeOfMedium(pod, medium).text}`
    if (!(await isMounted(directory)))
      await commands.run("mount", ["-t", "hugetlbfs", "-o", option, "nodev", directory])
    await giveToPodsGroup(pod, directory)
    return { path: directory }
  }
  // A kubelet that starts anew finds the memory in use.
  if (medium === "Memory" && !(await isMounted(directory))) {
    const size = sizeLimit === undefined ? [] : ["-o", `size=${quantityValue(sizeLimit)}`]
    await commands.run("mount", ["-t", "tmpfs", ...size, "tmpfs", directory])
  }
  // As upstream, where memory keeps the mode with which the kernel makes it: what is there goes only with its owner.
  await chmod(directory, medium === "Memory" ? 0o1777 : 0o777)
  await giveToPodsGroup(pod, directory)
  return { path: directory }
}

async function mountNfs(
  { directory, commands }: MountContext,
  { server, path, readOnly }: NonNullable<Volume["nfs"]>,
): Promise<MountedVolume> {
  await mkdir(directory, { recursive: true })
  const options = readOnly ? ["-o", "ro"] : []
  const source = `${server.includes(":") ? `[${server}]` : server}:${path}`
  if (!(await isMounted(directory))) await commands.run("mount", ["-t", "nfs", ...options, source, directory])
  return { path: directory }
}

async function mountClaim(
  context: MountContext,
  claimName: string,
  readOnly: boolean,
): Promise<MountedVolume> {
  const { pod, objects } = context
  const namespace = pod.metadata.namespace ?? ""
  const claim = await objects.find(PersistentVolumeClaim, { namespace, name: claimName })
  if (!claim) throw new Error(`persistentvolumeclaim "${claimName}" not found`)
  const { volumeName, volumeMode } = claim.spec
  if (!volumeName || claim.status.phase !== "Bound")
    throw new Error(`PVC ${namespace}/${claimName} is not bound`)
  const volume = await objects.find(PersistentVolume, { name: volumeName })
  if (!volume) throw new Error(`persistentvolume "${volumeName}" not found`)
  const { claimRef, hostPath, nfs, csi } = volume.spec
  if (claimRef?.uid !== claim.metadata.uid)
    throw new Error(`PV ${volumeName} is bound to another claim than ${namespace}/${claimName}`)
  if (csi)
    return {
      ...(await context.csi.mount(pod, persistentCsiVolume(volume, { claim: claimName, readOnly }))),
      claim: claimName,
    }
  if (nfs)
    return { ...(await mountNfs(context, { ...nfs, readOnly: readOnly || nfs.readOnly })), claim: claimName }
  const mounted = hostPath
    ? await mountSource(context, { name: "", hostPath })
    : await mountLocal(context, volume, volumeMode === "Block")
  return { ...mounted!, claim: claimName, ...(readOnly && { isReadOnly: true }) }
}

async function mountLocal(
  { pod, directory, commands }: MountContext,
  { metadata, spec: { local, mountOptions } }: PersistentVolume,
  isBlock: boolean,
): Promise<MountedVolume> {
  const volumeName = metadata.name
  if (!local)
    throw new Error(
      `no volume plugin matched: persistent volume "${volumeName}" is of a type this kubelet does not know`,
    )
  if (isBlock) return { path: local.path, isDevice: true }
  const found = await stat(local.path).catch(() => undefined)
  if (!found) throw new Error(`path "${local.path}" does not exist`)
  if (found.isBlockDevice()) {
    const type = local.fsType ? ["-t", local.fsType] : []
    const options = mountOptions?.length ? ["-o", mountOptions.join(",")] : []
    await mkdir(directory, { recursive: true })
    if (!(await isMounted(directory)))
      await commands.run("mount", [...type, ...options, local.path, directory])
    await giveToPodsGroup(pod, directory)
    return { path: directory }
  }
  await giveToPodsGroup(pod, local.path)
  return { path: local.path }
}

async function giveToPodsGroup({ spec }: Pod, directory: string): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = spec.securityContext ?? {}
  if (fsGroup !== undefined) await giveToGroup(directory, fsGroup, fsGroupChangePolicy)
}
