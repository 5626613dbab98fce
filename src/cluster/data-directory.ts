import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

/**
 * Where a cluster keeps everything it owns. One directory is one cluster; several clusters run side by side in several
 * directories.
 */
export interface DataDirectory {
  readonly path: string
  readonly pki: string
  readonly store: string
  readonly kubeconfig: string
  readonly pidFile: string
  readonly logFile: string
  /** How the running cluster is reached, written when it is ready. */
  readonly stateFile: string
  /** Where the running cluster is asked to change. */
  readonly controlSocket: string
  nodeDirectory(nodeName: string): string
}

/** @param beside what is added to the usual path, for what must not touch the usual cluster */
export function dataDirectory(path?: string, beside = ""): DataDirectory {
  const root = resolve(path ?? defaultPath() + beside)
  return {
    path: root,
    pki: join(root, "pki"),
    store: join(root, "etcd"),
    kubeconfig: join(root, "kubeconfig"),
    pidFile: join(root, "coracle.pid"),
    logFile: join(root, "coracle.log"),
    stateFile: join(root, "state.json"),
    controlSocket: join(root, "control.sock"),
    nodeDirectory: (nodeName) => join(root, "nodes", nodeName),
  }
}

function defaultPath(): string {
  if (process.getuid?.() === 0) return "/var/lib/coracle"
  return join(process.env["XDG_DATA_HOME"] || join(homedir(), ".local/share"), "coracle")
}

/** What `status`, `down` and `image load` need to know of a running cluster. */
export interface ClusterState {
  readonly server: string
  readonly startedAt: string
  readonly nodes: readonly { name: string; runtime: "containerd" | "simulated"; endpoint?: string }[]
}

export function writeState(directory: DataDirectory, state: ClusterState): void {
  writeFileSync(directory.stateFile, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
}

export function findState(directory: DataDirectory): ClusterState | undefined {
  const text = readIfExists(directory.stateFile)
  return text ? (JSON.parse(text) as ClusterState) : undefined
}

/**
 * Makes this process the one that runs the cluster. Throws, naming the other, when one is running already. What a crashed
 * process left is taken over: process ids are used again, so the file also holds when that process began.
 */
export function claim(directory: DataDirectory): void {
  mkdirSync(directory.path, { recursive: true, mode: 0o755 })
  const owner = findOwner(directory)
  if (owner !== undefined && owner !== process.pid) {
    throw new Error(
      `a cluster is already running in ${directory.path} (process ${owner}): stop it with \`coracle down --data-dir ${directory.path}\`, or start another with a different --data-dir`,
    )
  }
  writeFileSync(directory.pidFile, `${process.pid}\n${startTime(process.pid) ?? ""}\n`)
}

export function release(directory: DataDirectory): void {
  rmSync(directory.pidFile, { force: true })
  rmSync(directory.stateFile, { force: true })
  rmSync(directory.controlSocket, { force: true })
}

/** The process that runs the cluster, if it is alive. */
export function findOwner(directory: DataDirectory): number | undefined {
  const [pidText, began] = readIfExists(directory.pidFile)?.split("\n") ?? []
  const pid = Number(pidText)
  if (!pid || !isAlive(pid)) return undefined
  const begins = startTime(pid)
  return began && begins && began !== begins ? undefined : pid
}

/** True after a crash: a process claimed the directory, is gone, and never released it. */
export function wasAbandoned(directory: DataDirectory): boolean {
  return findOwner(directory) === undefined && readIfExists(directory.pidFile) !== undefined
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
  // A zombie holds a process id and nothing else.
  return !/\) Z /.test(readIfExists(`/proc/${pid}/stat`) ?? "")
}

/** Ticks since boot at which the process began (field 22 of /proc/PID/stat); undefined where there is no /proc. */
function startTime(pid: number): string | undefined {
  const stat = readIfExists(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
