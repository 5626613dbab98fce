import { chmod, lchown, lstat, readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Pod } from "../../../api/core/v1/pod.ts"

/**
 * Makes a volume usable by the group `fsGroup`: everything in it belongs to the group, is readable and writable by it, and
 * directories hand the group on to what is made in them. With "OnRootMismatch" nothing is done where the top already is so.
 */
export async function giveToGroup(
  directory: string,
  fsGroup: number,
  policy: "Always" | "OnRootMismatch" = "Always",
): Promise<void> {
  if (policy === "OnRootMismatch" && (await isGivenTo(directory, fsGroup))) return
  await give(directory, fsGroup)
}

const groupReadWrite = 0o060
const groupExecute = 0o010
const setGroupId = 0o2000

async function isGivenTo(directory: string, fsGroup: number): Promise<boolean> {
  const { gid, mode } = await stat(directory)
  const wanted = groupReadWrite | groupExecute | setGroupId
  return gid === fsGroup && (mode & wanted) === wanted
}

/** Children first, so that a walk that is cut short leaves the top unchanged and is done again. */
async function give(path: string, fsGroup: number): Promise<void> {
  const { uid, mode } = await lstat(path)
  const kind = mode & 0o170000
  const isDirectory = kind === 0o040000
  if (isDirectory) for (const name of await readdir(path)) await give(join(path, name), fsGroup)
  await lchown(path, uid, fsGroup)
  // A link has no permissions of its own.
  if (kind === 0o120000) return
  const more = isDirectory ? groupReadWrite | groupExecute | setGroupId : groupReadWrite
  await chmod(path, (mode & 0o7777) | more)
}

/** As the pod's fsGroup asks, if it does. */
export async function giveToPodsGroup({ spec }: Pod, directory: string): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = spec.securityContext ?? {}
  if (fsGroup !== undefined) await giveToGroup(directory, fsGroup, fsGroupChangePolicy)
}
