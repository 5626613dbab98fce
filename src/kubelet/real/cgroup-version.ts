import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import type { MemoryControl } from "../node-host.ts"

const root = "/sys/fs/cgroup"

let unified: Promise<boolean> | undefined

/** True where the machine has version 2 of control groups, false where it has version 1 or both. It is looked at once. */
export function isUnified(): Promise<boolean> {
  unified ??= exists(join(root, "cgroup.controllers"))
  return unified
}

/** The root of version 2 has no limits, so this process's own group is asked there. */
export async function readMemoryControl(): Promise<MemoryControl> {
  if (!(await isUnified()))
    return { isUnified: false, limitsSwap: await exists(join(root, "memory/memory.memsw.limit_in_bytes")) }
  const own = /^0::(.*)$/m.exec(await readFile("/proc/self/cgroup", "utf8"))?.[1] ?? "/"
  return { isUnified: true, limitsSwap: await exists(join(root, own, "memory.swap.max")) }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
