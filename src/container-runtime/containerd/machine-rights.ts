import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import type { Commands } from "../../base/commands.ts"

// What this machine lets us do. Root in a container or a small virtual machine often lacks one or the other.

/**
 * Whether overlay file systems can be made below `directory`: not so where that is itself an overlay (a container in a
 * container), nor without the rights to mount.
 */
export async function overlayWorks(directory: string, commands: Commands): Promise<boolean> {
  const path = (name: string) => `${directory}/${name}`
  for (const name of ["lower", "upper", "work", "merged"]) await mkdir(path(name), { recursive: true })
  try {
    const layers = `lowerdir=${path("lower")},upperdir=${path("upper")},workdir=${path("work")}`
    await commands.run("mount", ["-t", "overlay", "overlay", "-o", layers, path("merged")])
    try {
      await writeFile(path("merged/probe"), "")
      return true
    } finally {
      await commands.run("umount", [path("merged")])
    }
  } catch {
    return false
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const sysResource = 24n

/**
 * Whether a process may be made less likely to be killed when memory runs out (CAP_SYS_RESOURCE). Without it runc fails
 * with "can't get final child's PID from pipe" for every sandbox.
 */
export async function mayLowerOomScores(): Promise<boolean> {
  const status = await readFile("/proc/self/status", "utf8")
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`)
  return ((effective >> sysResource) & 1n) === 1n
}
