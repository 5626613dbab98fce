import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises"
import { dirname, join } from "node:path"
import type { VolumeFiles } from "../../volumes/volume-files.ts"

/**
 * Replaces all files of a directory at once, as readers see it. What users open are links through one link, `..data`:
 *
 *     config.yaml -> ..data/config.yaml        ..data -> ..2026_01_02_03_04_05.1        ..2026_01_02_03_04_05.1/config.yaml
 *
 * New content goes to a new directory, and `..data` is moved onto it by one rename. Who has a file open keeps the old
 * content; nobody sees a mixture. (The layout is upstream's, and programs that watch for it know it.)
 */
export interface AtomicWriteOptions {
  /** Names the new directory; a time that people can read and a number that makes it unique. */
  readonly version: string
  /** Given to every file, and read permission with it. */
  readonly group?: number
}

const dataLink = "..data"

/** Resolves to whether anything changed. */
export async function writeAtomically(
  directory: string,
  files: VolumeFiles,
  { version, group }: AtomicWriteOptions,
): Promise<boolean> {
  const current = await readlink(join(directory, dataLink)).catch(() => undefined)
  if (current !== undefined && (await holdsExactly(join(directory, current), files))) {
    await linkFiles(directory, files)
    return false
  }
  if (group !== undefined) await giveDirectoryTo(directory, group)
  const versioned = `..${version}`
  await writeFiles(join(directory, versioned), files, group)
  const temporary = join(directory, `${dataLink}_tmp`)
  await rm(temporary, { force: true })
  await symlink(versioned, temporary)
  await rename(temporary, join(directory, dataLink))
  await linkFiles(directory, files)
  if (current !== undefined) await rm(join(directory, current), { recursive: true, force: true })
  return true
}

/** What is made in it belongs to the group too. */
async function giveDirectoryTo(directory: string, group: number): Promise<void> {
  await chown(directory, 0, group)
  await chmod(directory, 0o2777)
}

async function writeFiles(directory: string, files: VolumeFiles, group: number | undefined): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  for (const [path, { content, mode, owner }] of files) {
    const target = join(directory, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o755 })
    await writeFile(target, content)
    // The process's umask has no say in it.
    await chmod(target, group === undefined ? mode : mode | 0o440)
    if (owner !== undefined || group !== undefined) await chown(target, owner ?? 0, group ?? 0)
  }
}

async function linkFiles(directory: string, files: VolumeFiles): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split("/")[0]!))
  const present = (await readdir(directory)).filter((name) => !name.startsWith(".."))
  for (const name of wanted)
    if (!present.includes(name)) await symlink(join(dataLink, name), join(directory, name))
  for (const name of present) if (!wanted.has(name)) await rm(join(directory, name), { force: true })
}

async function holdsExactly(directory: string, files: VolumeFiles): Promise<boolean> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  if (names.filter((entry) => entry.isFile()).length !== files.size) return false
  for (const [path, { content }] of files) {
    const known = await readFile(join(directory, path)).catch(() => undefined)
    if (!known?.equals(content)) return false
  }
  return true
}
