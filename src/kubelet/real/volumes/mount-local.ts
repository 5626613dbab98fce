import { mkdir, stat } from "node:fs/promises"
import { isMounted } from "../../../base/real/mount-table.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import type { MountContext } from "./mount-context.ts"
import type { MountedVolume } from "./mounted-volume.ts"
import { giveToPodsGroup } from "./ownership.ts"

type LocalVolume = NonNullable<PersistentVolume["spec"]["local"]>

export interface LocalMount {
  /** The persistent volume's name, and that of the claim which it comes by. */
  readonly volumeName: string
  readonly claim: string
  readonly local: LocalVolume
  /** volumeMode Block: the device itself is wanted. */
  readonly isBlock: boolean
  readonly readOnly: boolean
  readonly mountOptions: readonly string[]
}

/** A disk of this machine, or a directory on one. */
export async function mountLocal(context: MountContext, mount: LocalMount): Promise<MountedVolume> {
  const { path } = mount.local
  if (mount.isBlock) return { path, isDevice: true }
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new Error(`path "${path}" does not exist`)
  const mounted = found.isBlockDevice() ? await mountDisk(context, mount) : await bind(context, mount)
  await giveToPodsGroup(context.pod, mounted.path)
  return mounted
}

async function mountDisk(context: MountContext, mount: LocalMount): Promise<MountedVolume> {
  const { disks, growth, directory, pod } = context
  const { local, readOnly, mountOptions, claim, volumeName } = mount
  const options = [...(readOnly ? ["ro"] : []), ...mountOptions]
  await disks.mount({ device: local.path, directory, fsType: local.fsType, options })
  if (readOnly) return { path: directory }
  const lookAfter = (current: Pod) =>
    growth.finish({ pod: current, claim, volumeName }, async () => {
      await disks.grow(local.path, directory)
      return true
    })
  await lookAfter(pod)
  return { path: directory, lookAfter }
}

/** Where options are to be heeded it takes a mount of its own; else containers get the directory as it is. */
async function bind(
  { commands, directory }: MountContext,
  { local, mountOptions }: LocalMount,
): Promise<MountedVolume> {
  if (mountOptions.length === 0) return { path: local.path }
  await mkdir(directory, { recursive: true })
  if (!(await isMounted(directory)))
    await commands.run("mount", ["-o", ["bind", ...mountOptions].join(","), local.path, directory])
  return { path: directory }
}
