import { readdir, readFile } from "node:fs/promises"

/** A shim process: it holds the containers of one sandbox, with or without a containerd. */
export interface Shim {
  readonly pid: number
  /** Of the sandbox (or container) that it was started for. */
  readonly id: string
  /** Ticks since the machine's start. */
  readonly startedAt: number
}

/** The shims that belong to the containerd with this socket. */
export async function findShims(socket: string): Promise<Shim[]> {
  const shims: Shim[] = []
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue
    const words = (await text(`/proc/${name}/cmdline`)).split("\0")
    if (!words[0]?.includes("containerd-shim") || words[words.indexOf("-address") + 1] !== socket) continue
    const id = words[words.indexOf("-id") + 1]
    if (id) shims.push({ pid: Number(name), id, startedAt: await startTicks(Number(name)) })
  }
  return shims
}

/**
 * Ends shims that a containerd which died in the middle of making a sandbox has left: nobody knows of them any more.
 * Those that are older than the containerd that runs now, and whose id is in none of its lists.
 */
export async function endOrphanShims(
  socket: string,
  containerdPid: number,
  knownIds: ReadonlySet<string>,
): Promise<number> {
  const since = await startTicks(containerdPid)
  const orphans = (await findShims(socket)).filter(
    ({ id, startedAt }) => startedAt < since && !knownIds.has(id),
  )
  for (const { pid } of orphans) await endTree(pid)
  return orphans.length
}

/** A process and all below it, the lowest first: containers hang on their shim. */
export async function endTree(pid: number): Promise<void> {
  const children = (await text(`/proc/${pid}/task/${pid}/children`)).trim()
  for (const child of children === "" ? [] : children.split(" ")) await endTree(Number(child))
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It ended by itself.
  }
}

/** Field 22 of /proc/PID/stat. */
async function startTicks(pid: number): Promise<number> {
  const stat = await text(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? 0)
}

function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "")
}
