import { access, readdir, readFile, rmdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Clock, sleep } from "../../base/clock.ts"

// A group may be busy for moments after its last process has ended; runc and the kubelet upstream try again, too.
const patienceMs = 3000
const firstWaitMs = 10
const maxWaitMs = 250

/**
 * Removes control groups with all below them, by their directories; absent ones are fine. What still runs in one is killed:
 * a group goes only when nothing in it may run any more. Those that do not go keep none of the others; after 3 s one error
 * names them and what is in them.
 */
export async function removeGroups(directories: readonly string[], clock: Clock): Promise<void> {
  const endMs = clock.monotonic() + patienceMs
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, maxWaitMs)) {
    const left = (await Promise.all(directories.map(removeTree))).flat()
    if (left.length === 0) return
    const isHopeless = left.every(({ error }) => error.code !== "EBUSY")
    if (isHopeless || clock.monotonic() >= endMs) throw new Error(await describe(left))
    for (const { directory } of left) await endProcesses(directory)
    await sleep(clock, waitMs)
  }
}

interface LeftGroup {
  readonly directory: string
  readonly error: NodeJS.ErrnoException
}

/** Groups can only be removed empty: the innermost first. Gives the innermost of those that did not go. */
async function removeTree(directory: string): Promise<LeftGroup[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (!entries) return []
  const children = entries.filter((entry) => entry.isDirectory())
  const left = (await Promise.all(children.map(({ name }) => removeTree(join(directory, name))))).flat()
  if (left.length > 0) return left
  try {
    await rmdir(directory)
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException
    if (error.code !== "ENOENT") return [{ directory, error }]
  }
  return []
}

async function endProcesses(directory: string): Promise<void> {
  for (const pid of await processesIn(directory)) {
    try {
      if (pid !== process.pid) process.kill(pid, "SIGKILL")
    } catch {
      // It has just ended.
    }
  }
  // In version 1 a frozen process does not even die.
  const freezer = join(directory, "freezer.state")
  if (await exists(freezer)) await writeFile(freezer, "THAWED").catch(() => {})
}

/** Processes of other process namespaces have the number 0 here, and are not ours to end. */
async function processesIn(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, "cgroup.procs"), "utf8").catch(() => "")
  return text.split("\n").map(Number).filter(Boolean)
}

async function describe(left: readonly LeftGroup[]): Promise<string> {
  const groups = left.map(async ({ directory, error }) => {
    const processes = await processesIn(directory)
    return `${directory} (${error.code}${processes.length > 0 ? `, processes ${processes.join(" ")}` : ""})`
  })
  return `control groups do not go: ${(await Promise.all(groups)).join(", ")}`
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
