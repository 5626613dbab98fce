import type { Logger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import type { ApiServerSettings } from "./api-server-settings.ts"
import type { KubeconfigEntry } from "./certificates/kubeconfig.ts"
import { adminEntry, type ControlPlane, startControlPlane } from "./control-plane.ts"
import type { DataDirectory } from "./data-directory.ts"
import { machineName, whyNoRealNode } from "./machine.ts"
import { createCommands } from "../base/real/commands.ts"
import { ensureNetworks } from "./networks.ts"
import type { ClusterNode, NodeParts } from "./nodes/cluster-node.ts"
import { startNode } from "./nodes/start-node.ts"
import { startSimulatedNode } from "./nodes/start-simulated-node.ts"
import type { Progress } from "./progress.ts"

export interface ClusterOptions {
  readonly directory: DataDirectory
  readonly listen: { readonly host: string; readonly port: number }
  /** @default one where the machine can, else none */
  readonly nodes: number | undefined
  /** @default one where there is no real one */
  readonly simulatedNodes: number | undefined
  readonly etcd: readonly string[]
  readonly apiServer: ApiServerSettings
  readonly progress: Progress
  readonly log: Logger
  /** Aborted: what was started so far is stopped again and the start fails. */
  readonly signal: AbortSignal
}

export interface RunningCluster {
  readonly server: string
  readonly admin: KubeconfigEntry
  readonly nodes: readonly { name: string; runtime: "containerd" | "simulated"; endpoint?: string }[]
  /** Stops pods, then everything else; leaves nothing on the machine but the data directory. */
  stop(): Promise<void>
}

/** All of Kubernetes in this process. Resolves when the API server answers and every node is Ready. */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const plan = planNodes(options)
  for (const note of plan.notes) options.progress.note(note)
  const nodes: Promise<ClusterNode>[] = []
  let controlPlane: Promise<ControlPlane> | undefined
  const stop = async () => {
    for (const started of await Promise.allSettled(nodes)) {
      if (started.status === "fulfilled") await started.value.stop()
    }
    await controlPlane?.then((running) => running.stop()).catch(() => {})
  }
  try {
    options.progress.step("starting the API server")
    const networks = await ensureNetworks(options.directory.path, createCommands())
    const parts = {
      networks,
      directory: options.directory,
      clock: realClock,
      random: realRandom,
      log: options.log,
    }
    controlPlane = startControlPlane({ ...parts, listen: options.listen, apiServer: options.apiServer })
    nodes.push(...startNodes(plan, { ...parts, controlPlane }))
    await unlessAborted(controlPlane, options.signal)
    options.progress.step(`starting ${nodes.length === 1 ? "the node" : `${nodes.length} nodes`}`)
    const started = await unlessAborted(Promise.all(nodes), options.signal)
    await unlessAborted(Promise.all(started.map((node) => node.ready)), options.signal)
    return running(await controlPlane, started, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

function running(
  controlPlane: ControlPlane,
  nodes: readonly ClusterNode[],
  stop: () => Promise<void>,
): RunningCluster {
  const { address, certificates } = controlPlane
  return {
    server: address,
    admin: adminEntry(certificates, address),
    nodes: nodes.map(({ name, runtime, endpoint }) => ({ name, runtime, ...(endpoint && { endpoint }) })),
    stop,
  }
}

/** Stops waiting, not the work: what was started is stopped by who started it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return Promise.race([
    work,
    new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
    ),
  ])
}

interface NodePlan {
  readonly real: readonly string[]
  readonly simulated: readonly string[]
  /** What the user must know about it. */
  readonly notes: readonly string[]
}

/** Which nodes there will be. A node that was asked for and can't be is an error; one that was not is replaced, plainly. */
function planNodes({ nodes, simulatedNodes }: ClusterOptions): NodePlan {
  const obstacle = whyNoRealNode()
  if (nodes && obstacle) throw new Error(`--nodes ${nodes}: ${obstacle}`)
  if ((nodes ?? 0) > 1)
    throw new Error(
      `--nodes ${nodes}: several real nodes on one machine are not there yet; --simulated-nodes N can be had`,
    )
  const real = nodes ?? (obstacle || simulatedNodes ? 0 : 1)
  const simulated = simulatedNodes ?? (nodes === undefined && real === 0 ? 1 : 0)
  const notes =
    obstacle && simulatedNodes === undefined && real === 0 && simulated
      ? [`The node is simulated, no container really runs: ${obstacle}.`]
      : []
  const name = machineName()
  return {
    real: Array.from({ length: real }, () => name),
    simulated: Array.from({ length: simulated }, (_, index) => `simulated-${index + 1}`),
    notes,
  }
}

function startNodes(plan: NodePlan, parts: Omit<NodeParts, "name">): Promise<ClusterNode>[] {
  return [
    ...plan.real.map((name) => startNode({ ...parts, name })),
    ...plan.simulated.map((name) => startSimulatedNode({ ...parts, name })),
  ]
}
