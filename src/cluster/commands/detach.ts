import { spawn } from "node:child_process"
import { mkdirSync, openSync, readFileSync, statSync } from "node:fs"
import { type DataDirectory, findOwner } from "../data-directory.ts"

/**
 * Starts `coracle up` again as a process of its own, with its output in the log file, and returns when it is ready. What
 * it printed for people is printed here.
 */
export async function startDetached(directory: DataDirectory, argv: readonly string[]): Promise<number> {
  const owner = findOwner(directory)
  if (owner !== undefined) {
    process.stderr.write(`coracle up: a cluster is already running in ${directory.path} (process ${owner})\n`)
    return 1
  }
  mkdirSync(directory.path, { recursive: true, mode: 0o755 })
  const log = openSync(directory.logFile, "a", 0o600)
  const printedFrom = statSync(directory.logFile).size
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1]!, "up", ...argv.filter(isNotDetach)],
    {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    },
  )
  const outcome = await new Promise<"ready" | number>((resolve) => {
    child.once("message", () => resolve("ready"))
    child.once("exit", (code, signal) => resolve(signal ? 1 : (code ?? 1)))
  })
  const printed = readFileSync(directory.logFile).subarray(printedFrom).toString("utf8")
  if (outcome !== "ready") {
    process.stderr.write(printed)
    return outcome || 1
  }
  process.stdout.write(
    printed.slice(Math.max(printed.search(/^ready /m), 0)).replace(/^[IWED]\d{4} .*\n/gm, ""),
  )
  child.disconnect()
  child.unref()
  return 0
}

function isNotDetach(word: string): boolean {
  return word !== "-d" && !/^--detach(=.*)?$/.test(word)
}
