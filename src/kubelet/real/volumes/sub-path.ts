import { chmod, type FileHandle, mkdir, realpath, stat } from "node:fs/promises"
import { join, relative } from "node:path"
import { openSteps } from "./open-steps.ts"

/**
 * Opens a path inside a volume so that it can be mounted into a container, making it as a directory if it is not there.
 * A pod can write to the volume and put links there while we look: first links are resolved and the result must lie inside
 * the volume, then each step is opened from the one before without following links, so that what is mounted is what was
 * looked at. (CVE-2017-1002101; https://kubernetes.io/blog/2018/04/04/fixing-subpath-volume-vulnerability/)
 *
 * The caller closes the handle when the mount has been made from `/proc/self/fd/N`.
 */
export async function openSubPath(volume: string, subPath: string): Promise<FileHandle> {
  const root = await realpath(volume)
  const resolved = await resolveInside(root, subPath)
  return openSteps(root, relative(root, resolved).split("/").filter(Boolean))
}

async function resolveInside(root: string, subPath: string): Promise<string> {
  const wanted = join(root, subPath)
  const found = await realpath(wanted).catch(() => undefined)
  if (found !== undefined) return inside(root, found, subPath)
  // Not there yet: the part that is there must be inside, and the rest is made.
  const parent = await nearestParent(wanted)
  inside(root, parent, subPath)
  const { mode } = await stat(root)
  await mkdir(wanted, { recursive: true })
  await chmod(wanted, mode & 0o7777)
  return inside(root, await realpath(wanted), subPath)
}

async function nearestParent(path: string): Promise<string> {
  for (let parent = join(path, ".."); ; parent = join(parent, "..")) {
    const found = await realpath(parent).catch(() => undefined)
    if (found !== undefined) return found
  }
}

function inside(root: string, path: string, subPath: string): string {
  if (path === root || path.startsWith(`${root}/`)) return path
  throw new Error(`subPath "${subPath}" leads out of its volume`)
}
