import type { Logger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { takeDown, type TakeDownStep } from "../base/take-down.ts"
import type { ApiServerSettings } from "./api-server-settings.ts"
import type { KubeconfigEntry } from "./certificates/kubeconfig.ts"
import { adminEntry, type ControlPlane, startControlPlane } from "./control-plane.ts"
import type { ClusterState, DataDirectory } from "./data-directory.ts"
import { machineName, whyNoRealNode } from "./machine.ts"
import { createCommands } from "../base/real/commands.ts"
import type { ForeignPlugin } from "../network/foreign/create-foreign-network.ts"
import { connectingPlugin, whyNoPolicies } from "../network/foreign/why-no-policies.ts"
import { linkAddress } from "../network/node-link/create-node-link.ts"
import { type IngressSettings, startIngress } from "./ingress.ts"
import { selfUser } from "./identities.ts"
import { ensureNetworks } from "./networks/ensure-networks.ts"
import type { NetworkWishes } from "./networks/plan-networks.ts"
import { rememberForeignPlugin } from "./nodes/foreign-plugin-file.ts"
import type { ClusterNode } from "./nodes/cluster-node.ts"
import { forgetNode } from "./nodes/forget-nodes.ts"
import { listKnownNodes } from "./nodes/known-nodes.ts"
import { type NodePlan, planNodes } from "./nodes/plan-nodes.ts"
import { refuseOtherFamilies } from "./nodes/refuse-other-families.ts"
import { type NodesParts, type StartedNodes, startNodes } from "./nodes/start-nodes.ts"
import type { Progress } from "./progress.ts"
import { warnOfPolicies } from "./warn-of-policies.ts"
import type { KubeletFiles } from "./nodes/kubelet-files.ts"
import type { StoreOptions } from "./store/store-flags.ts"

export interface ClusterOptions {
  readonly directory: DataDirectory
  readonly listen: { readonly host: string; readonly port: number }
  /** What the ranges shall be, at the cluster's first start. */
  readonly networks: NetworkWishes
  /** @default those there were, else one where the machine can, else none */
  readonly nodes: number | undefined
  /** @default one where there is no real one */
  readonly simulatedNodes: number | undefined
  readonly store: StoreOptions
  readonly apiServer: ApiServerSettings
  /** Undefined: our own plugin connects pods. */
  readonly foreignPlugin: ForeignPlugin | undefined
  readonly kubeletFiles: KubeletFiles
  /** Which of the machine's addresses its node has. Undefined: found out. */
  readonly nodeIps: readonly string[] | undefined
  /** Undefined: no ingress. */
  readonly ingress: IngressSettings | undefined
  readonly progress: Progress
  readonly log: Logger
  /** Aborted: what was started so far is stopped again and the start fails. */
  readonly signal: AbortSignal
}

export interface RunningCluster {
  readonly server: string
  readonly admin: KubeconfigEntry
  nodes(): Promise<ClusterState["nodes"]>
  /** Resolves when it is Ready, with its name. */
  addNode(name: string | undefined): Promise<string>
  removeNode(name: string): Promise<void>
  /** What the user should know of it beside. */
  readonly notes: readonly string[]
  /** Stops pods, then everything else; leaves nothing on the machine but the data directory. */
  stop(): Promise<void>
}

/** All of Kubernetes in this process. Resolves when the API server answers and every node is Ready. */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const { foreignPlugin } = options
  const plan = planNodes({
    ...options,
    obstacle: whyNoRealNode(),
    machineName: machineName(),
    known: listKnownNodes(options.directory),
  })
  if (foreignPlugin && plan.onLink.length > 0)
    throw new Error(
      "--cni-conf-dir: only a single node can be connected by plugins of the machine (--nodes 1)",
    )
  if (options.nodeIps && plan.onLink.length > 0)
    throw new Error("--node-ip: nodes side by side have addresses of their own (--nodes 1)")
  for (const note of plan.notes) options.progress.note(note)
  const stopping: TakeDownStep[] = []
  const stop = () => takeDown(stopping.reverse())
  try {
    options.progress.step("starting the API server")
    return await start(options, plan, stopping, stop)
  } catch (error) {
    await stop().catch((left: unknown) => options.log.error("not everything was stopped", { error: left }))
    throw error
  }
}

/** What has been started is at the end of `stopping`, the first of it first. */
async function start(
  options: ClusterOptions,
  plan: NodePlan,
  stopping: TakeDownStep[],
  stop: () => Promise<void>,
): Promise<RunningCluster> {
  const { directory, signal, progress } = options
  const isShared = options.store.etcd.length > 0
  const networks = await ensureNetworks(directory.path, createCommands(), {
    isShared,
    wishes: options.networks,
  })
  const { foreignPlugin, kubeletFiles, nodeIps } = options
  if (nodeIps) refuseOtherFamilies(nodeIps, networks)
  const parts = {
    networks,
    directory,
    clock: realClock,
    random: realRandom,
    log: options.log,
    ...(foreignPlugin && { foreignPlugin }),
    ...(nodeIps && { nodeIps }),
    ...kubeletFiles,
  }
  const controlPlane = startControlPlane({
    ...parts,
    listen: options.listen,
    apiServer: options.apiServer,
    store: options.store,
    ...(plan.onLink.length > 0 && { hosts: networks.nodes.map(linkAddress) }),
  })
  stopping.push(["stop the control plane", () => stopIfStarted(controlPlane)])
  const nodesParts: NodesParts = { ...parts, controlPlane }
  if (plan.real.length > 0) rememberForeignPlugin(directory, plan.real[0]!, foreignPlugin)
  const nodes = startNodes(plan, nodesParts)
  stopping.push(["stop the nodes", () => nodes.stop()])
  await unlessAborted(controlPlane, signal)
  const count = plan.real.length + plan.onLink.length + plan.simulated.length
  progress.step(`starting ${count === 1 ? "the node" : `${count} nodes`}`)
  const started = await unlessAborted(nodes.started, signal)
  for (const name of plan.forgotten) await forgetNode(name, nodesParts)
  const notes: string[] = []
  // Without a real node nobody enforces anything, and a backup may be read-only.
  if (plan.real.length > 0) notes.push(...(await tellOfPolicies(await controlPlane, foreignPlugin)))
  if (options.ingress && plan.real.length + plan.onLink.length > 0) {
    const ingressParts = { ...parts, ...options.ingress, controlPlane: await controlPlane, isShared }
    const ingress = await startIngress(ingressParts)
    notes.push(ingress.note)
    stopping.push(["stop the ingress", () => ingress.stop()])
  }
  await unlessAborted(Promise.all(started.map((node) => node.ready)), signal)
  return running(await controlPlane, nodes, notes, stop)
}

/** Why it did not start is told by who waits for it. */
async function stopIfStarted(controlPlane: Promise<ControlPlane>): Promise<void> {
  const running = await controlPlane.catch(() => undefined)
  await running?.stop()
}

function running(
  controlPlane: ControlPlane,
  nodes: StartedNodes,
  notes: readonly string[],
  stop: () => Promise<void>,
): RunningCluster {
  const { address, certificates } = controlPlane
  return {
    server: address,
    admin: adminEntry(certificates, address),
    notes,
    nodes: async () => (await nodes.all()).map(describe),
    async addNode(wanted) {
      const node = await nodes.add(wanted)
      await node.ready
      return node.name
    },
    removeNode: (name) => nodes.remove(name),
    stop,
  }
}

/** Where NetworkPolicies may not hold, whoever starts the cluster or writes one is told. */
async function tellOfPolicies(
  { clientFor }: ControlPlane,
  foreignPlugin: ForeignPlugin | undefined,
): Promise<string[]> {
  const doubt =
    foreignPlugin && (await whyNoPolicies(connectingPlugin(foreignPlugin.configDirectory), createCommands()))
  await warnOfPolicies(clientFor(selfUser), doubt)
  return doubt === undefined ? [] : [`NetworkPolicies may not be enforced: ${doubt}.`]
}

function describe({ name, runtime, endpoint }: ClusterNode): ClusterState["nodes"][number] {
  return { name, runtime, ...(endpoint && { endpoint }) }
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
