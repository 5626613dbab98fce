import { type ChildProcess, fork, spawn } from "node:child_process"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import type { PoolOptions, PoolRunnerInitializer, PoolWorker } from "vitest/node"

const box = fileURLToPath(new URL("./box.sh", import.meta.url))

/** Whether this machine can make boxes: Linux with its namespaces, for root. Takes a third of a second. */
export async function hasBoxes(): Promise<boolean> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false
  const trial = spawn("/bin/sh", [box, "true"], { stdio: ["pipe", "ignore", "pipe"] })
  const said = text(trial.stderr)
  const code = await new Promise((resolve) => trial.once("exit", resolve))
  if (code !== 0) console.error(`one test file at a time, for there is no box for each: ${await said}`)
  return code === 0
}

/** A pool of Vitest's that gives each test file a machine of its own, so that several can run at a time. */
export const boxPool: PoolRunnerInitializer = { name: "boxes", createPoolWorker }

/** What Vitest's own worker for processes does, but the process is started in a box, and ends when its input does. */
function createPoolWorker({ distPath, env, execArgv, project }: PoolOptions): PoolWorker {
  const { outputStream, errorStream } = project.vitest.logger
  let worker: ChildProcess | undefined
  const started = () => {
    if (!worker) throw new Error("the box is not open")
    return worker
  }
  return {
    name: boxPool.name,
    cacheFs: true,
    on: (event, callback) => void started().on(event, callback),
    off: (event, callback) => void started().off(event, callback),
    send: (message) => void started().send(message),
    deserialize: (data) => data,
    async start() {
      worker ??= fork(join(distPath, "workers/forks.js"), [], {
        execPath: "/bin/sh",
        execArgv: [box, process.execPath, ...execArgv],
        env,
        stdio: "pipe",
        serialization: "advanced",
        // A group of its own: Ctrl-C is for Vitest, and the box ends with it.
        detached: true,
      })
      worker.stdout!.pipe(outputStream, { end: false })
      worker.stderr!.pipe(errorStream, { end: false })
    },
    async stop() {
      const ending = started()
      if (ending.exitCode !== null || ending.signalCode !== null) return
      const ended = new Promise((resolve) => ending.once("exit", resolve))
      ending.stdin!.end()
      await ended
    },
  }
}
