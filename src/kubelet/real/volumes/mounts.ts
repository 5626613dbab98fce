import { readFile } from "node:fs/promises"
import type { Commands } from "../../../base/commands.ts"

/** The mount points at or below a directory, the deepest first: the order in which they can be unmounted. */
export async function mountsBelow(directory: string): Promise<readonly string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8")
  return table
    .split("\n")
    .map((line) => unescape(line.split(" ")[4] ?? ""))
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .reverse()
}

/**
 * Lets mounts that a container makes below a directory (mountPropagation Bidirectional) be seen on the host: where the
 * directory's file system does not pass them on, the directory becomes a mount of its own that does.
 */
export async function ensureShared(directory: string, commands: Commands): Promise<void> {
  if (await isShared(directory)) return
  await commands.run("mount", ["--bind", directory, directory])
  await commands.run("mount", ["--make-rshared", directory])
}

/** "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 ...": what stands before the hyphen is the propagation. */
async function isShared(directory: string): Promise<boolean> {
  const table = await readFile("/proc/self/mountinfo", "utf8")
  let found: { point: string; isShared: boolean } | undefined
  for (const line of table.split("\n")) {
    const [, , , , at = "", , ...rest] = line.split(" ")
    const point = unescape(at)
    const isAbove = point === "/" || directory === point || directory.startsWith(`${point}/`)
    if (!isAbove || point.length < (found?.point.length ?? 0)) continue
    found = { point, isShared: rest.slice(0, rest.indexOf("-")).some((field) => field.startsWith("shared:")) }
  }
  return found?.isShared ?? false
}

/** Unmounts everything at or below a directory; what is busy goes as soon as nobody uses it. */
export async function unmountBelow(directory: string, commands: Commands): Promise<void> {
  for (const point of await mountsBelow(directory)) await commands.run("umount", ["--lazy", point])
}

/** The kernel writes blanks and backslashes of paths as octal numbers. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
