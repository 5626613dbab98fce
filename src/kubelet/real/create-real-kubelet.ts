import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { parseDuration } from "../../apimachinery/duration.ts"
import { quantityValue } from "../../apimachinery/quantity.ts"
import type { Clock } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { orAborted } from "../../base/on-abort.ts"
import type { Random } from "../../base/random.ts"
import { takeDown } from "../../base/take-down.ts"
import { Service } from "../../api/core/v1/service.ts"
import type { Client } from "../../client/client.ts"
import { Informer } from "../../client/informer.ts"
import type { ImageService, RuntimeService } from "../../container-runtime/cri.ts"
import { createKubelet, type Kubelet } from "../kubelet.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { PodNetworkPort } from "../kubelet-services.ts"
import type { NodeIdentity } from "../node/node-object.ts"
import { NodeObjects } from "../objects/node-objects.ts"
import { PeriodicProber } from "../probes/periodic-prober.ts"
import { CsiNodeObject } from "./csi/csi-node-object.ts"
import { createClaims } from "./dra/create-claims.ts"
import { forgetSlices } from "./dra/forget-slices.ts"
import { DeviceManager } from "./devices/device-manager.ts"
import { servePodResources } from "./devices/serve-pod-resources.ts"
import { createCredentialProviders } from "./images/create-credential-providers.ts"
import type { ProviderPlaces } from "./images/read-providers.ts"
import { createPodVolumes } from "./create-pod-volumes.ts"
import { kubeletPaths } from "./kubelet-paths.ts"
import { createResourceManagers } from "./create-resource-managers.ts"
import { readTopology } from "./read-topology.ts"
import { CpusetReconciler } from "../resource-managers/reconcile-cpusets.ts"
import type { MachineTopology } from "../resource-managers/machine-topology.ts"
import { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { findPlugins } from "./plugins/find-plugins.ts"
import { RealCgroups } from "./cgroups.ts"
import { RealContainerFiles } from "./container-files.ts"
import { RealContainerLogs } from "./logs/real-container-logs.ts"
import { refuseMachine } from "./refuse-machine.ts"
import { readMachine } from "./machine.ts"
import { createPodUsers } from "./pod-users.ts"
import { readPodUsage } from "./pod-usage.ts"
import { httpTarget } from "./probes/http-request.ts"
import { tryProbe } from "./probes/try-probe.ts"
import type { MachineShutdown } from "../shutdown/machine-shutdown.ts"
import { shutdownPeriods } from "../shutdown/plan-shutdown.ts"
import { createLogind } from "./shutdown/logind.ts"
import { shutdownRecord } from "./shutdown/shutdown-record.ts"
import { staticPodFiles } from "./static-pod-files.ts"
import { requestHook } from "./hook-request.ts"
import { findImageDirectory } from "./image-filesystem.ts"
import { readUsage } from "./usage.ts"

export interface RealKubeletOptions {
  /** "10.0.0.1:6443", for whoever counts requests. @default the server is in this process */
  readonly apiHost?: string
  readonly node: NodeIdentity
  readonly configuration: KubeletConfiguration
  /** A client with the rights of this node. */
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly commands: Commands
  readonly runtime: RuntimeService
  readonly images: ImageService
  readonly network: PodNetworkPort
  /** The kubelet's own: pods' volumes, logs. */
  readonly rootDirectory: string
  /** This node's control group, told apart from those of other nodes and clusters: "/coracle/3f2a/node-1". */
  readonly cgroupParent: string
  /** @default that of the machine */
  readonly topology?: MachineTopology
  /** @default found out */
  readonly nodeIps?: readonly string[]
  /** Programs that know the passwords of registries. @default none */
  readonly credentialProviders?: ProviderPlaces | undefined
  /** Who knows when the machine goes down. @default systemd's logind */
  readonly machineShutdown?: MachineShutdown
}

export interface RealKubelet extends Kubelet {
  /** Where the kubelet's server listens; told in the node's status. */
  setPort(port: number): void
  /**
   * Unmounts every volume and removes every control group. Call it when `run` has ended and all pods are stopped; left
   * out, the next kubelet takes everything over.
   */
  close(): Promise<void>
}

/** A kubelet on this machine. Nothing runs before `run`. */
export async function createRealKubelet(options: RealKubeletOptions): Promise<RealKubelet> {
  const { client, clock, random, log, runtime, rootDirectory, configuration } = options
  const { clusterDomain = "", staticPodPath } = configuration
  await refuseMachine(configuration)
  await mkdir(rootDirectory, { recursive: true, mode: 0o750 })
  const stopped = new AbortController()
  const machine = await readMachine({ ...options, nodeName: options.node.name })
  const objects = new NodeObjects({ client, clock, random, log, signal: stopped.signal })
  const paths = kubeletPaths(rootDirectory)
  const nodeName = options.node.name
  const nodeObject = new CsiNodeObject({ client, nodeName })
  const metrics = new KubeletMetrics(options.apiHost)
  const { volumes, csi, drivers } = createPodVolumes({
    ...options,
    metrics,
    nodeName,
    paths,
    machine,
    objects,
    nodeObject,
    kubelet: () => kubelet,
    signal: stopped.signal,
  })
  await volumes.start()
  /** How pods are is otherwise, of these or of all, by what their devices are. */
  const tell = (podUids?: readonly string[]) => {
    for (const worker of kubelet.workers.list())
      if (podUids?.includes(worker.state.pod.metadata.uid) ?? true) worker.handle({ kind: "timer" })
  }
  const topology = options.topology ?? (await readTopology())
  const devices = new DeviceManager({
    directory: paths.devicePlugins,
    numaNodes: topology.numaNodes.map(({ id }) => id),
    clock,
    log,
    changed: () => {
      kubelet.reporter.look()
      tell()
    },
  })
  const { claims, plugins, ...claimed } = await createClaims({
    ...options,
    nodeName,
    paths,
    metrics,
    podUids: () => new Set(kubelet.workers.list().map(({ state }) => state.pod.metadata.uid)),
    tell,
    registered: () => {
      for (const worker of kubelet.workers.list()) worker.handle({ kind: "retryNow" })
    },
    ready: () => kubelet.ready,
    signal: stopped.signal,
  })
  const users = await createPodUsers({
    paths,
    commands: options.commands,
    maxPods: configuration.maxPods,
    idsPerPod: configuration.userNamespaces?.idsPerPod,
  })
  const cgroups = new RealCgroups({ parent: options.cgroupParent, configuration, clock, log })
  const { managers, cpu, memory } = await createResourceManagers({
    ...options,
    machine,
    devices,
    metrics,
    topology,
    changed: () => reconciler.look(),
  })
  const imageDirectory = await findImageDirectory(options.images, rootDirectory)
  const services = new Informer<Service>({ resource: Service, client, clock, random, log })
  let port = 10250
  const credentialProviders = createCredentialProviders({ ...options, metrics }, objects)
  const kubelet: Kubelet = await createKubelet({
    ...options,
    metrics,
    objects,
    credentialProviders,
    volumesInUse: () => csi.inUse(),
    host: {
      volumes,
      devices,
      resources: managers,
      claims,
      cgroups,
      users,
      files: new RealContainerFiles({
        paths,
        logDirectory: configuration.podLogsDir,
        clusterDomain,
        random,
      }),
      prober: new PeriodicProber({
        clock,
        log,
        tryProbe: (target, probe) => tryProbe({ runtime, clock }, target, probe),
      }),
      logs: new RealContainerLogs(clock, {
        maxBytes: quantityValue(configuration.containerLogMaxSize),
        maxFiles: configuration.containerLogMaxFiles,
      }),
      machine: async () => machine,
      usage: async () => {
        const [usage, pods] = await Promise.all([
          readUsage(rootDirectory, imageDirectory, clock.now()),
          cgroups.podsUsage(),
        ])
        return pods ? { ...usage, pods } : usage
      },
      podUsage: (pod, containerIds) => readPodUsage(cgroups, pod, containerIds),
    },
    httpGet: (action, to, podIp, signal) =>
      requestHook(httpTarget(action, to, podIp, "kube-lifecycle/1.36"), signal),
    seccompDirectory: join(rootDirectory, "seccomp"),
    services: () => services.objects.list(),
    servicesSynced: services.synced,
    relistMs: 10_000,
    ...(staticPodPath && {
      staticPods: staticPodFiles({
        directory: staticPodPath,
        nodeName,
        clock,
        log,
      }),
    }),
    shutdown: {
      periods: shutdownPeriods(configuration),
      machine: options.machineShutdown ?? createLogind({ clock }),
      record: shutdownRecord(join(rootDirectory, "graceful_node_shutdown_state")),
    },
    port: () => port,
  })
  const activePods = () => kubelet.workers.list().map(({ state }) => state)
  const reconciler = new CpusetReconciler({
    resources: managers,
    runtime,
    pods: () => (kubelet.workers.isReady ? activePods() : []),
    periodMs: parseDuration(configuration.cpuManagerReconcilePeriod),
    clock,
    log,
  })
  /** Pods that went while no kubelet looked held processors and memory. */
  async function followResources(signal: AbortSignal): Promise<void> {
    await orAborted(kubelet.workers.ready, signal)
    if (signal.aborted) return
    await managers.forgetOthers((podUid) => kubelet.workers.find(podUid) !== undefined)
    if (cpu) await reconciler.run(signal)
  }
  // Not before: plugins register as soon as they see the socket, and what they have is the kubelet's to tell.
  await devices.start()
  /** Their volumes are looked after while they are there. */
  async function followPlugins(signal: AbortSignal): Promise<void> {
    const { ready } = kubelet
    // What drivers offered before this kubelet came they offer again when they have registered.
    await forgetSlices({ client, nodeName, clock, log, signal })
    const handlers = { CSIPlugin: drivers, DRAPlugin: plugins }
    await findPlugins({ ready, nodeObject, paths, handlers, clock, log }, signal)
    await volumes.run(signal)
  }

  return {
    ...kubelet,
    setPort(value) {
      port = value
      kubelet.reporter.look()
    },
    async run(signal) {
      signal.addEventListener("abort", () => stopped.abort(), { once: true })
      services.run(signal).catch((error: unknown) => log.error("services are no longer followed", { error }))
      const podResources = await servePodResources({
        directory: paths.podResources,
        pods: () =>
          kubelet.workers.list().flatMap(({ state }) => (state.stage.kind === "syncing" ? [state.pod] : [])),
        devices,
        claims,
        cpu,
        memory,
      }).catch((error: unknown) => log.warn("nobody is told of pods' resources", { error }))
      await Promise.all([
        kubelet.run(signal),
        followPlugins(signal),
        claimed.run(signal),
        followResources(signal),
      ])
      await podResources?.close()
      await devices.close()
    },
    async close() {
      await takeDown([
        ["unmount volumes", () => volumes.close()],
        ["remove control groups", () => cgroups.close()],
      ])
    },
  }
}
