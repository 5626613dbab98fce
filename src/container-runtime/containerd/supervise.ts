import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { ContainerdPaths } from "./config.ts"

export interface SuperviseOptions {
  readonly paths: ContainerdPaths
  /** The text of its configuration file. */
  readonly config: string
  readonly clock: Clock
  readonly log: Logger
  /** Called each time it has been started again. */
  readonly restarted: () => void
  /** @default "containerd", searched for in PATH */
  readonly binary?: string
}

export interface SupervisedProcess {
  readonly pid: number | undefined
  /** How often it was started again after it died. */
  readonly restarts: number
  /** Ends it, and does not start it again. Containers keep running: they hang on shims of their own. */
  stop(): Promise<void>
}

const firstRestartMs = 100
const maxRestartMs = 10_000
const stopMs = 10_000

/**
 * Keeps one containerd alive: started in a session of its own, so that Ctrl-C in our terminal does not reach it before we
 * have stopped the pods; started again when it dies. One that an earlier, crashed run of ours left behind is replaced.
 */
export async function superviseContainerd(options: SuperviseOptions): Promise<SupervisedProcess> {
  const { paths, clock, log } = options
  await endPredecessor(options)
  await mkdir(paths.directory, { recursive: true, mode: 0o711 })
  await mkdir(paths.socket.slice(0, paths.socket.lastIndexOf("/")), { recursive: true, mode: 0o711 })
  await writeFile(paths.config, options.config)
  await rename(paths.log, `${paths.log}.1`).catch(() => {})

  const state = { child: undefined as ChildProcess | undefined, restarts: 0, stopping: false }
  const start = async () => {
    const child = await launch(options)
    state.child = child
    const startedMs = clock.monotonic()
    child.once("exit", (code, signal) => {
      if (state.stopping) return
      const ranMs = clock.monotonic() - startedMs
      const waitMs = Math.min(firstRestartMs * 2 ** Math.min(state.restarts, 10), maxRestartMs)
      state.restarts = ranMs > 60_000 ? 1 : state.restarts + 1
      log.warn("containerd died, starting it again", { code, signal, waitMs, log: paths.log })
      clock.after(waitMs, () => {
        if (!state.stopping)
          start()
            .then(options.restarted)
            .catch((error: unknown) => log.error("containerd does not start", { error }))
      })
    })
  }
  await start()
  return {
    get pid() {
      return state.child?.pid
    },
    get restarts() {
      return state.restarts
    },
    async stop() {
      state.stopping = true
      if (state.child?.pid !== undefined && state.child.exitCode === null && state.child.signalCode === null)
        await endProcess(state.child.pid, clock)
      await rm(paths.pid, { force: true })
    },
  }
}

async function launch({ paths, binary = "containerd" }: SuperviseOptions): Promise<ChildProcess> {
  const logFile = await open(paths.log, "a")
  try {
    const child = spawn(binary, ["--config", paths.config], {
      detached: true,
      stdio: ["ignore", logFile.fd, logFile.fd],
      // runc and the shims live where a plain user's PATH does not look.
      env: {
        ...process.env,
        PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`,
      },
    })
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve)
      child.once("error", (error) =>
        reject(new Error(`cannot start "${binary}": ${error.message}. Is containerd installed?`)),
      )
    })
    await writeFile(paths.pid, String(child.pid))
    // It must not keep our process alive when everything else has ended.
    child.unref()
    return child
  } finally {
    await logFile.close()
  }
}

/** The process of an earlier run, if it lives. */
export async function findDaemon(paths: ContainerdPaths): Promise<number | undefined> {
  const pid = Number(await readFile(paths.pid, "utf8").catch(() => ""))
  if (!pid) return undefined
  // A process id is used again after a reboot: it is ours only if it was given our configuration.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  return commandLine.split("\0").includes(paths.config) ? pid : undefined
}

async function endPredecessor({ paths, clock, log }: SuperviseOptions): Promise<void> {
  const pid = await findDaemon(paths)
  if (pid === undefined) return
  log.info("ending the containerd of an earlier run", { pid })
  await endProcess(pid, clock)
}

/** SIGTERM, and SIGKILL when it has not ended in time. */
async function endProcess(pid: number, clock: Clock): Promise<void> {
  if (!signal(pid, "SIGTERM")) return
  for (let waitedMs = 0; waitedMs < stopMs; waitedMs += 10) {
    if (!(await isRunning(pid))) return
    await sleep(clock, 10)
  }
  signal(pid, "SIGKILL")
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** Zombies do not count: they have ended, and wait only to be asked how. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)
  return stat !== undefined && stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z"
}
