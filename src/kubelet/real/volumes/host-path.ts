import { chmod, mkdir, open, stat } from "node:fs/promises"
import type { Stats } from "node:fs"
import type { Volume } from "../../../api/core/v1/volume.ts"
import { toOwnPath } from "../kubelet-paths.ts"
import type { MountContext } from "./mount-context.ts"
import type { MountedVolume } from "./mounted-volume.ts"

/** Checks a hostPath volume against its type, making the path where the type says so. Throws in upstream's words. */
export async function ensureHostPath(path: string, type: string): Promise<void> {
  if (type === "") return
  const found = await stat(path).catch(() => undefined)
  if (type === "DirectoryOrCreate" && !found) {
    await mkdir(path, { recursive: true, mode: 0o755 })
    return chmod(path, 0o755)
  }
  if (type === "FileOrCreate" && !found) {
    const file = await open(path, "a", 0o644)
    return file.close()
  }
  const kind = kinds[type]
  if (!kind) throw new Error(`unknown hostPath type ${type}`)
  if (!found || !kind.is(found)) throw new Error(`hostPath type check failed: ${path} is not ${kind.name}`)
}

const directory = { name: "a directory", is: (stats: Stats) => stats.isDirectory() }
const file = { name: "a file", is: (stats: Stats) => stats.isFile() }

const kinds: Readonly<Record<string, { readonly name: string; is(stats: Stats): boolean }>> = {
  Directory: directory,
  DirectoryOrCreate: directory,
  File: file,
  FileOrCreate: file,
  Socket: { name: "a socket file", is: (stats) => stats.isSocket() },
  CharDevice: { name: "a character device", is: (stats) => stats.isCharacterDevice() },
  BlockDevice: { name: "a block device", is: (stats) => stats.isBlockDevice() },
}

export async function mountHostPath(
  { root }: Pick<MountContext, "root">,
  hostPath: NonNullable<Volume["hostPath"]>,
): Promise<MountedVolume> {
  const path = toOwnPath(root, hostPath.path)
  await ensureHostPath(path, hostPath.type ?? "")
  return { path }
}
