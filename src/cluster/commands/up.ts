import { openSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { createLogger } from "../../base/real/logger.ts"
import { mergeKubeconfig, removeFromKubeconfig } from "../certificates/kubeconfig.ts"
import { type RunningCluster, startCluster } from "../cluster.ts"
import {
  claim,
  dataDirectory,
  type DataDirectory,
  findState,
  release,
  writeState,
} from "../data-directory.ts"
import { type ControlHandlers, serveControl } from "../control-socket.ts"
import { type Progress, terminalProgress } from "../progress.ts"
import { describeFlags } from "./command.ts"
import { startDetached } from "./detach.ts"
import { stopSignal } from "./stop-signal.ts"
import { parseUpOptions, upFlags, type UpOptions } from "./up-options.ts"
import { whatNext } from "./what-next.ts"

/** What the kubeconfig's entries are called. A backup is looked at beside the cluster that runs. */
function entryNames({ store }: UpOptions): { name: string; user: string } {
  const name = store.snapshot ? "coracle-snapshot" : "coracle"
  return { name, user: `${name}-admin` }
}

/** Starts a cluster and runs it until it is told to stop. */
export async function up(argv: readonly string[]): Promise<number> {
  const options = parseUpOptions(argv)
  if (options.help) {
    process.stdout.write(`Usage: coracle up [flags]\n\n${describeFlags(upFlags)}`)
    return 0
  }
  const directory = dataDirectory(options.dataDir, options.store.snapshot && "-snapshot")
  if (options.detach) return startDetached(directory, argv)
  const stopped = stopSignal("stopped without cleaning up: `coracle down` does the rest")
  const progress = terminalProgress(process.stderr)
  claim(directory)
  const cluster = await startUnlessStopped(options, directory, progress, stopped)
  if (!cluster) return 130
  await announce(cluster, options, directory, progress)
  const closeControl = await serveControl(directory, controlHandlers(cluster, directory))
  await stopped
  progress.step("stopping")
  closeControl()
  const { name, user } = entryNames(options)
  await removeFromKubeconfig(userKubeconfig(options), name, user)
  // Should this fail, the directory stays claimed: `down` then clears up as after a crash.
  await cluster.stop()
  release(directory)
  progress.end()
  return 0
}

/** A signal may come at any moment of the start: what was started until then is stopped again. */
async function startUnlessStopped(
  options: UpOptions,
  directory: DataDirectory,
  progress: Progress,
  stopped: Promise<void>,
): Promise<RunningCluster | undefined> {
  const abort = new AbortController()
  void stopped.then(() => abort.abort())
  try {
    return await startCluster({
      directory,
      listen: options.listen,
      networks: options.networks,
      nodes: options.nodes,
      simulatedNodes: options.simulatedNodes,
      store: options.store,
      apiServer: options.apiServer,
      ingress: options.ingress,
      foreignPlugin: options.foreignPlugin,
      kubeletFiles: options.kubeletFiles,
      nodeIps: options.nodeIps,
      progress,
      log: logger(options, directory),
      signal: abort.signal,
    })
  } catch (error) {
    release(directory)
    if (abort.signal.aborted) return undefined
    throw error
  }
}

async function announce(
  cluster: RunningCluster,
  options: UpOptions,
  directory: DataDirectory,
  progress: Progress,
): Promise<void> {
  const { server } = cluster
  const nodes = await cluster.nodes()
  writeState(directory, { server, nodes, startedAt: new Date().toISOString() })
  const file = userKubeconfig(options)
  await mergeKubeconfig(file, { ...cluster.admin, ...entryNames(options) })
  // Since the process began: what the user has waited for.
  const seconds = process.uptime().toFixed(2)
  progress.end()
  process.stdout.write(`ready ${server} kubeconfig ${directory.kubeconfig} after ${seconds} s\n`)
  process.stdout.write(
    whatNext({ ...cluster, nodes }, options, entryNames(options).name, kubeconfigHint(file)),
  )
  // A detached start waits for this.
  process.send?.({ ready: true })
}

/** Nodes that come and go are in the state file, where other commands look. */
function controlHandlers(cluster: RunningCluster, directory: DataDirectory): ControlHandlers {
  const remember = async () => {
    const state = findState(directory)
    if (state) writeState(directory, { ...state, nodes: await cluster.nodes() })
  }
  return {
    async addNode(wanted) {
      const name = await cluster.addNode(wanted)
      await remember()
      return `node ${name} is ready`
    },
    async removeNode(name) {
      await cluster.removeNode(name)
      await remember()
      return `node ${name} is removed`
    },
  }
}

/** What must be set first so that kubectl finds the context. */
function kubeconfigHint(file: string): string {
  return file === defaultKubeconfig() ? "" : ` (export KUBECONFIG=${file})`
}

function userKubeconfig(options: UpOptions): string {
  return options.kubeconfig ?? defaultKubeconfig()
}

function defaultKubeconfig(): string {
  return process.env["KUBECONFIG"]?.split(":").find(Boolean) ?? join(homedir(), ".kube/config")
}

function logger(options: UpOptions, directory: DataDirectory) {
  // Detached, standard error is the log file already.
  const file = process.send ? process.stderr.fd : openSync(directory.logFile, "a", 0o600)
  const level = options.verbose ? "debug" : "info"
  return createLogger({ level, write: bufferedWriter(file) })
}

/** Log lines of one turn of the event loop go out in one write. */
function bufferedWriter(file: number): (line: string) => void {
  let waiting = ""
  const flush = () => {
    const text = waiting
    waiting = ""
    if (text)
      import("node:fs").then(
        ({ write }) => write(file, text, () => {}),
        () => {},
      )
  }
  return (line) => {
    if (!waiting) setImmediate(flush)
    waiting += line
  }
}
