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

/** Unmounts everything at or below a directory; what is busy goes as soon as nobody uses it. */
export async function unmountBelow(directory: string, commands: Commands): Promise<void> {
  for (const point of await mountsBelow(directory)) await commands.run("umount", ["--lazy", point])
}

/** The kernel writes blanks and backslashes of paths as octal numbers. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
