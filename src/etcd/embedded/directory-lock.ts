/**
 * One process at a time per directory. Node has no file locks, so each process puts down a file of its own, named for
 * the process and the moment it started, and then looks for others: a file whose process lives wins over a newcomer, one
 * whose process is gone is swept away. No two processes ever share a name, so sweeping cannot hit a living one, and
 * because everybody writes before looking, two newcomers cannot both miss the other (both may give way).
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { StoreLockedError } from "./errors.ts"

const prefix = "lock."

/** Throws StoreLockedError if a living process (this one included) has the directory. */
export function lockDirectory(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const mine = prefix + incarnation(process.pid)
  try {
    writeFileSync(join(directory, mine), "", { flag: "wx" })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new StoreLockedError(directory, process.pid)
    throw error
  }
  const release = () => rmSync(join(directory, mine), { force: true })
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(prefix) || name === mine) continue
    const processId = Number(name.split(".")[1])
    if (name === prefix + incarnation(processId)) {
      release()
      throw new StoreLockedError(directory, processId)
    }
    rmSync(join(directory, name), { force: true })
  }
  return { release }
}

/** Names a process for all time: process ids are used again, also after a reboot. Empty for one that does not live. */
function incarnation(processId: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8)
    const stat = readFileSync(`/proc/${processId}/stat`, "latin1")
    // The fields after the name in parentheses, which may itself hold spaces; the first is the process's state, the 20th its
    // start time.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    // Killed, and only waiting for its parent to notice: it holds no files any more.
    return state === "Z" ? "" : `${processId}.${fields[18]}.${boot}`
  } catch {
    return incarnationWithoutProc(processId)
  }
}

function incarnationWithoutProc(processId: number): string {
  try {
    process.kill(processId, 0)
    return `${processId}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? `${processId}` : ""
  }
}
