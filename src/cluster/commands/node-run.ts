import { openSync } from "node:fs"
import { parseFlags } from "../../base/flags.ts"
import { sleep } from "../../base/clock.ts"
import { realClock } from "../../base/real/clock.ts"
import { createLogger } from "../../base/real/logger.ts"
import { realRandom } from "../../base/real/random.ts"
import { claim, dataDirectory, type DataDirectory, release, writeState } from "../data-directory.ts"
import { machineName } from "../machine.ts"
import { hasNodeFiles } from "../nodes/node-files.ts"
import type { NodeMessage } from "../nodes/node-process.ts"
import { runNode } from "../nodes/run-node.ts"
import { describeFlags, UsageError } from "./command.ts"
import { stopSignal } from "./stop-signal.ts"
import { upFlags } from "./up-options.ts"

const flags = {
  "data-dir": upFlags["data-dir"],
  name: { type: "string", placeholder: "NAME", description: "the node's name (the machine's)" },
  supervised: {
    type: "bool",
    description: "report to the process that started it by messages, and end with it",
  },
  verbose: upFlags.verbose,
  help: upFlags.help,
} as const

/** Runs a node that has joined a cluster, until it is told to stop. */
export async function nodeRun(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest } = parseFlags(argv, flags)
  if (values.help) {
    process.stdout.write(`Usage: coracle node run [flags]\n\n${describeFlags(flags)}`)
    return 0
  }
  if (rest.length) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`)
  const directory = dataDirectory(values["data-dir"])
  const name = values.name ?? machineName()
  if (!hasNodeFiles(directory, name))
    throw new UsageError(
      `${name} has not joined a cluster from ${directory.path}: coracle node join URL --token TOKEN`,
    )
  return runUntilStopped(directory, name, values)
}

/** What a start that is under way gets to come to its end when the node is told to stop. */
const startMs = 10_000

/** Beside others of a cluster on this machine it is a child of the cluster's process; else it owns the directory. */
export async function runUntilStopped(
  directory: DataDirectory,
  name: string,
  { supervised, verbose }: { readonly supervised: boolean; readonly verbose: boolean },
): Promise<number> {
  const stopped = stopSignal("stopped without cleaning up: `coracle down` does the rest")
  if (supervised) dieWithParent()
  else claim(directory)
  const write = supervised ? (line: string) => void process.stderr.write(line) : logFile(directory)
  const log = createLogger({ level: verbose ? "debug" : "info", ...(supervised && { name }), write })
  const giveUp = () => !supervised && release(directory)
  const starting = runNode({ directory, name, clock: realClock, random: realRandom, log }).catch(
    (error: unknown) => {
      giveUp()
      throw error
    },
  )
  const node = await Promise.race([starting, hangsAfter(stopped)])
  const { endpoint, runtime } = node
  if (!supervised) {
    const nodes = [{ name, runtime, ...(endpoint && { endpoint }) }]
    writeState(directory, { server: "", nodes, startedAt: new Date().toISOString() })
  }
  tell({ started: { endpoint: endpoint ?? "" } })
  const stopRequested = stopped.then(() => "stopped" as const)
  if ((await Promise.race([node.ready, stopRequested])) !== "stopped") {
    tell({ ready: true })
    if (!supervised) process.stdout.write(`ready node ${name} after ${process.uptime().toFixed(2)} s\n`)
    await stopped
  }
  // Should this fail, the directory stays claimed: `down` then clears up as after a crash.
  await node.stop()
  giveUp()
  return 0
}

/**
 * A start that waits for a control plane which has gone must not keep a node that is told to stop. Its directory stays
 * claimed: `down` clears up as after a crash.
 */
async function hangsAfter(stopped: Promise<void>): Promise<never> {
  await stopped
  await sleep(realClock, startMs)
  throw new Error("stopped before it had started: `coracle down` clears up what there is of it")
}

function tell(message: NodeMessage): void {
  process.send?.(message)
}

/** Like a crash: containers run on, and the next start finds them. */
function dieWithParent(): void {
  const die = () => process.kill(process.pid, "SIGKILL")
  process.on("disconnect", die)
  // It may have gone before anybody listened.
  if (!process.connected) die()
}

function logFile({ logFile: path }: DataDirectory): (line: string) => void {
  const file = openSync(path, "a", 0o600)
  return (line) => {
    void import("node:fs").then(({ writeSync }) => writeSync(file, line))
  }
}
