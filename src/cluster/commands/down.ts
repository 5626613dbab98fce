import { setTimeout as wait } from "node:timers/promises"
import { type DataDirectory, findOwner, isAlive, release, wasAbandoned } from "../data-directory.ts"
import { cleanUpNodes } from "../clean-up.ts"
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

/** Stops the cluster, or clears away what a crashed one left on the host. Gives a line that says which it was. */
export async function stopCluster(directory: DataDirectory): Promise<string> {
  const pid = findOwner(directory)
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM")
    for (let waitedMs = 0; isAlive(pid); waitedMs += 50) {
      if (waitedMs > patienceMs)
        throw new Error(`process ${pid} does not stop; its log is ${directory.logFile}`)
      await wait(50)
    }
    // Who is killed while stopping leaves the directory claimed.
    if (!wasAbandoned(directory)) return "stopped"
  } else if (!wasAbandoned(directory)) return "not running"
  await cleanUpNodes(directory)
  release(directory)
  return "the cluster had crashed: what it left on this machine is removed, its state is kept"
}
