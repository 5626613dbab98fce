import type { Commands } from "../../../base/commands.ts"
import { throwTogether } from "../../../base/settle-all.ts"
import { type MountEntry, mountsBelow, readMountTable } from "../../../base/real/mount-table.ts"

/**
 * Lets mounts that a container makes below a directory (mountPropagation Bidirectional) be seen on the host: where the
 * directory's file system does not pass them on, the directory becomes a mount of its own that does.
 */
export async function ensureShared(directory: string, commands: Commands): Promise<void> {
  if (await isShared(directory)) return
  await commands.run("mount", ["--bind", directory, directory])
  await commands.run("mount", ["--make-rshared", directory])
}

/** Of several mounts above it, the nearest one counts; of several at the same place the last. */
async function isShared(directory: string): Promise<boolean> {
  let found: MountEntry | undefined
  for (const entry of await readMountTable()) {
    const { point } = entry
    const isAbove = point === "/" || directory === point || directory.startsWith(`${point}/`)
    if (isAbove && point.length >= (found?.point.length ?? 0)) found = entry
  }
  return found?.isShared ?? false
}

/**
 * Unmounts everything at or below a directory; what is busy goes as soon as nobody uses it. One that does not go keeps none
 * of the others; then the error says which.
 */
export async function unmountBelow(directory: string, commands: Commands): Promise<void> {
  const errors: unknown[] = []
  for (const point of await mountsBelow(directory))
    await commands.run("umount", ["--lazy", point]).catch((error: unknown) => errors.push(error))
  // Some go with others before it is their turn: what counts is what is left.
  if (errors.length > 0 && (await mountsBelow(directory)).length > 0) throwTogether(errors)
}
