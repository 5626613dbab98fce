import { setTimeout as wait } from "node:timers/promises"
import { type DataDirectory, findOwner, isAlive, release, wasAbandoned } from "../data-directory.ts"
import { cleanUpNodes } from "../clean-up.ts"
import { findRemains } from "../find-remains.ts"
import { parseDataDir } from "./data-dir-flag.ts"

/** Long enough for pods with the usual grace period of 30 s. */
const patienceMs = 90_000

export async function down(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("down", argv)
  if (!parsed) return 0
  const stopped = await stopCluster(parsed.directory)
  process.stdout.write(`${stopped}\n`)
  return 0
}

/**
 * Stops the cluster, or clears away what a crashed one left on the host. Gives a line that says which it was. Rejects when
 * something of it stays on the machine, with what.
 */
export async function stopCluster(directory: DataDirectory): Promise<string> {
  const pid = findOwner(directory)
  if (pid !== undefined) await endOwner(pid, directory)
  // Who is killed while stopping, or could not stop everything, leaves the directory claimed.
  const crashed = wasAbandoned(directory)
  const remains = crashed ? [] : await findRemains(directory)
  if (!crashed && remains.length === 0) return pid === undefined ? "not running" : "stopped"
  await cleanUpNodes(directory)
  release(directory)
  if (crashed) return "the cluster had crashed: what it left on this machine is removed, its state is kept"
  return `${pid === undefined ? "not running" : "stopped"}; removed what was left on this machine: ${remains.join(", ")}`
}

async function endOwner(pid: number, directory: DataDirectory): Promise<void> {
  process.kill(pid, "SIGTERM")
  for (let waitedMs = 0; isAlive(pid); waitedMs += 50) {
    if (waitedMs > patienceMs)
      throw new Error(`process ${pid} does not stop; its log is ${directory.logFile}`)
    await wait(50)
  }
}
