import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { DataDirectory } from "../data-directory.ts"
import type { ClusterNode } from "./cluster-node.ts"

/** What a node's process tells the cluster's. */
export type NodeMessage = { readonly started: { readonly endpoint: string } } | { readonly ready: true }

export interface NodeProcessOptions {
  readonly name: string
  readonly directory: DataDirectory
  /** The network namespace it runs in. */
  readonly namespacePath: string
  readonly clock: Clock
  readonly log: Logger
}

const restartMs = 1000

/**
 * Runs `coracle node run` in a network namespace, again and again: a node whose process has died comes back and finds its
 * containers as they are. Resolves when its container runtime is there.
 */
export function startNodeProcess(options: NodeProcessOptions): Promise<ClusterNode> {
  const { name, directory, namespacePath, clock, log } = options
  let stopping = false
  /** How its process ended. */
  let ended: Promise<string>
  let pid: number | undefined
  let become: (node: ClusterNode) => void
  let fail: (error: Error) => void
  let becomeReady: () => void
  const ready = new Promise<void>((resolve) => (becomeReady = resolve))
  const started = new Promise<ClusterNode>((resolve, reject) => {
    become = resolve
    fail = reject
  })

  function start(): void {
    const output = openSync(directory.logFile, "a", 0o600)
    const [program, ...args] = insideNode(namespacePath, name, [
      process.execPath,
      ...process.execArgv,
      process.argv[1]!,
      "node",
      "run",
      "--data-dir",
      directory.path,
      "--name",
      name,
      "--supervised",
    ])
    const child = spawn(program, args, { stdio: ["ignore", output, output, "ipc"] })
    closeSync(output)
    pid = child.pid
    child.on("message", (message: NodeMessage) => {
      if ("ready" in message) becomeReady()
      else become({ name, runtime: "containerd", ...message.started, ready, stop })
    })
    ended = new Promise((resolve) => {
      child.once("error", (error) => fail(error))
      child.once("exit", (code, signal) => {
        resolve(code === 0 ? "in order" : `with ${signal ?? `code ${code}`}`)
        if (stopping) return
        fail(new Error(`node ${name} does not start: see ${directory.logFile}`))
        log.error("a node's process has ended; starting it again", { node: name, code, signal })
        clock.after(restartMs, () => {
          if (!stopping) start()
        })
      })
    })
  }

  async function stop(): Promise<void> {
    stopping = true
    if (pid !== undefined) {
      try {
        process.kill(pid, "SIGTERM")
      } catch {
        // It has just died.
      }
    }
    const how = await ended
    if (how !== "in order")
      throw new Error(`the process of node ${name} ended ${how}: see ${directory.logFile}`)
  }

  start()
  return started
}

/**
 * A command that runs in the node's network and under its name: pods in the network of their host are called after it, and
 * those of two nodes of one machine must not be called alike. Where the name cannot be set it stays the machine's.
 */
export function insideNode(
  namespacePath: string,
  name: string,
  command: readonly string[],
): [program: string, ...args: string[]] {
  const setName = 'echo "$0" 2>/dev/null >/proc/sys/kernel/hostname; exec "$@"'
  return ["nsenter", `--net=${namespacePath}`, "unshare", "--uts", "sh", "-c", setName, name, ...command]
}
