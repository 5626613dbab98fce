import { HealthRecord } from "../apimachinery/health-checks.ts"
import { parseDuration } from "../apimachinery/duration.ts"
import { type Clock, sleep } from "../base/clock.ts"
import { orAborted } from "../base/on-abort.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Service } from "../api/core/v1/service.ts"
import type { Client } from "../client/client.ts"
import { createEventRecorder } from "../client/create-event-recorder.ts"
import type { ImageService, RuntimeService } from "../container-runtime/cri.ts"
import type { KubeletConfiguration } from "./configuration/kubelet-configuration.ts"
import { rotateAllLogs } from "./logs/rotate-all-logs.ts"
import { EvictionManager } from "./eviction/eviction-manager.ts"
import type { CredentialProvider } from "./images/credentials/credential-provider.ts"
import { ImageCollector } from "./images/image-collector.ts"
import { HookRunner, type HookRunnerOptions } from "./hooks/hook-runner.ts"
import { ImagePuller } from "./images/image-puller.ts"
import type { KubeletServices, PodNetworkPort } from "./kubelet-services.ts"
import { KubeletMetrics } from "./metrics/kubelet-metrics.ts"
import { measuredClient, measuredImages, measuredRuntime } from "./metrics/measured.ts"
import { keepNodeLease } from "./node/node-lease.ts"
import type { NodeIdentity } from "./node/node-object.ts"
import { NodeReporter } from "./node/node-reporter.ts"
import type { NodeHost } from "./node-host.ts"
import type { NodeObjects } from "./objects/node-objects.ts"
import { type PodFeed, watchPods } from "./objects/pod-feed.ts"
import { PodWorkers } from "./pods/pod-workers.ts"
import { RuntimeObserver } from "./runtime/runtime-observer.ts"
import { NodeShutdown, type ShutdownOptions } from "./shutdown/node-shutdown.ts"
import { isMirrorPod, isStaticPod } from "./static-pods/static-pod.ts"
import { StaticPods, type StaticPodSource } from "./static-pods/static-pods.ts"
import { StatusWriter } from "./status/status-writer.ts"

/**
 * Makes the pods that are bound to one node real, and tells the API how they are. The machine and the runtime come from
 * outside: `real/create-real-kubelet.ts` and `simulated/create-simulated-kubelet.ts` put the parts together.
 */
export interface KubeletOptions {
  readonly node: NodeIdentity
  /** How it works: the one place where that is said. */
  readonly configuration: KubeletConfiguration
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly runtime: RuntimeService
  readonly images: ImageService
  readonly host: NodeHost
  readonly objects: NodeObjects
  /** Who knows the passwords of registries, beside pull secrets. @default nobody */
  readonly credentialProviders?: readonly CredentialProvider[]
  readonly network: PodNetworkPort
  /** Tells a container's HTTP hook. */
  readonly httpGet: HookRunnerOptions["httpGet"]
  readonly seccompDirectory: string
  /** All Services. */
  readonly services: () => readonly Service[]
  /** Resolves when `services` is complete: containers started before would lack variables. */
  readonly servicesSynced: Promise<void>
  /** The pods of this node. @default a watch of its own */
  readonly pods?: PodFeed
  /** Pods that are not the API's. @default none */
  readonly staticPods?: StaticPodSource
  /** What it counts of its own work. @default counters of its own */
  readonly metrics?: KubeletMetrics
  /** How often everything is compared with the runtime. @default never */
  readonly relistMs?: number
  /** How often the machine is looked at for the node's status. @default as configured */
  readonly checkMs?: number
  /** How often the node shows that it lives. @default four times as often as it must */
  readonly leaseRenewMs?: number
  /** Pods that end in order before the machine goes down. @default it does not wait for them */
  readonly shutdown?: ShutdownOptions
  /** False where there is no disk to fill. @default true */
  readonly keepsHouse?: boolean
  /** Told in the node's status: attached volumes that may be mounted. @default none */
  readonly volumesInUse?: () => readonly string[]
  /** Told in the node's status: where this kubelet listens. */
  readonly port: () => number
}

export interface Kubelet {
  readonly services: KubeletServices
  readonly workers: PodWorkers
  readonly reporter: NodeReporter
  /** Works until `signal` aborts. Pods go on running: see stopAllPods. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when the node is Ready in the API. */
  readonly ready: Promise<void>
}

export async function createKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { clock, random, log, host, node, configuration } = options
  const { metrics = new KubeletMetrics() } = options
  const client = measuredClient(options.client, metrics, clock)
  const runtime = measuredRuntime(options.runtime, metrics, clock)
  const images = measuredImages(options.images, metrics, clock)
  const stopped = new AbortController()
  const [machine, version] = await Promise.all([host.machine(), runtime.version()])
  const events = createEventRecorder({
    client,
    clock,
    random,
    log,
    component: "kubelet",
    host: node.name,
    signal: stopped.signal,
  })
  const services: KubeletServices = {
    nodeName: node.name,
    clock,
    random,
    log,
    client,
    events,
    runtime,
    metrics,
    healthRecord: new HealthRecord(),
    runtimeName: version.runtimeName,
    puller: new ImagePuller({ images, configuration, clock, metrics }),
    observer: new RuntimeObserver({ runtime, clock, log, files: host.files, logs: host.logs }),
    host,
    machine,
    objects: options.objects,
    hooks: new HookRunner({ runtime, clock, events, metrics, httpGet: options.httpGet }),
    credentialProviders: options.credentialProviders ?? [],
    statuses: new StatusWriter({ client, clock, log, signal: stopped.signal }),
    network: options.network,
    configuration,
    dns: { servers: configuration.clusterDNS ?? [], domain: configuration.clusterDomain ?? "" },
    seccompDirectory: options.seccompDirectory,
    services: options.services,
    findApiPod: (pod) => (isStaticPod(pod) ? staticPods.findMirror(pod) : pod),
  }
  const staticPods: StaticPods = new StaticPods({
    client,
    clock,
    log,
    node: () => reporter.node,
    workers: () => workers,
    signal: stopped.signal,
  })
  const workers: PodWorkers = new PodWorkers(services, {
    relistMs: options.relistMs,
    judge: (pod) => shutdown?.judge() ?? evictions.judge(pod),
    node: () => reporter.node,
  })
  const reporter: NodeReporter = new NodeReporter({
    identity: node,
    configuration,
    client,
    clock,
    log,
    events,
    runtime,
    images,
    machine,
    version,
    kubeletPort: options.port,
    ...(host.devices && { devices: () => host.devices!.capacity() }),
    ...(options.volumesInUse && { volumesInUse: options.volumesInUse }),
    checkMs: options.checkMs ?? parseDuration(configuration.nodeStatusUpdateFrequency),
    health: () => ({
      memoryPressure: evictions.has("MemoryPressure"),
      diskPressure: evictions.has("DiskPressure"),
      pidPressure: evictions.has("PIDPressure"),
      shuttingDown: shutdown?.isShuttingDown ?? false,
    }),
  })
  const collector = new ImageCollector({
    images,
    configuration,
    metrics,
    pods: () => workers.list().map(({ state }) => state),
    space: async () => {
      const { filesystem, imageFilesystem = filesystem } = await host.usage()
      return imageFilesystem
    },
    clock,
    log,
    warn: (reason, message) =>
      events.event({ kind: "Node", name: node.name, uid: node.name }, "Warning", reason, message),
  })
  const evictions: EvictionManager = new EvictionManager({
    nodeName: node.name,
    host,
    runtime,
    workers,
    events,
    images: collector,
    configuration,
    metrics,
    clock,
    log,
    changed: () => reporter.look(),
  })
  const shutdown =
    options.shutdown &&
    new NodeShutdown({
      ...options.shutdown,
      nodeName: node.name,
      workers,
      events,
      metrics,
      clock,
      log,
      changed: () => reporter.look(),
    })
  const feed = options.pods ?? watchPods({ client, clock, random, log, nodeName: node.name })

  /** Pods are held to what of the node is theirs; where they use more already, as soon as some have gone. */
  async function holdPods(signal: AbortSignal): Promise<void> {
    if (!host.cgroups.holdPods || !machine.pods) return
    const tell = (type: "Normal" | "Warning", reason: string, message: string) =>
      events.event({ kind: "Node", name: node.name, uid: node.name }, type, reason, message)
    while (!signal.aborted) {
      try {
        await host.cgroups.holdPods(machine.pods)
        return tell("Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods")
      } catch (error) {
        log.warn("pods are not held to what is theirs", { error })
        tell("Warning", "FailedNodeAllocatableEnforcement", (error as Error).message)
        await sleep(clock, 60_000, signal)
      }
    }
  }

  async function runPods(signal: AbortSignal): Promise<void> {
    await orAborted(options.servicesSynced, signal)
    if (signal.aborted) return
    // Changes that come while pods are being taken over wait until that is done.
    const waiting: (() => void)[] = []
    let isAdopting = true
    const soon = (work: () => void) => {
      if (isAdopting) waiting.push(work)
      else work()
    }
    const fromFiles =
      (await options.staticPods?.follow((pods) => soon(() => staticPods.replace(pods)), signal)) ?? []
    const initial = await feed.follow(
      (pod) => soon(() => (isMirrorPod(pod) ? staticPods.setMirror(pod) : workers.set(pod))),
      (pod) =>
        soon(() => (isMirrorPod(pod) ? staticPods.removeMirror(pod) : workers.remove(pod.metadata.uid))),
      signal,
    )
    if (signal.aborted) return
    await workers.adopt([...initial.filter((pod) => !isMirrorPod(pod)), ...fromFiles])
    for (const mirror of initial.filter(isMirrorPod)) staticPods.setMirror(mirror)
    staticPods.replace(fromFiles)
    isAdopting = false
    for (const work of waiting) work()
    await workers.run(signal)
  }

  /** What has to be looked after now and then on a machine with a disk. */
  async function keepHouse(signal: AbortSignal): Promise<void> {
    const pods = () => workers.list().map(({ state }) => state)
    await Promise.all([
      rotateAllLogs({
        runtime,
        logs: host.logs,
        pods,
        periodMs: parseDuration(configuration.containerLogMonitorInterval),
        clock,
        log,
        signal,
      }),
      collector.run(signal),
      evictions.run(signal),
    ])
  }

  return {
    services,
    workers,
    reporter,
    ready: reporter.ready,
    async run(signal) {
      signal.addEventListener("abort", () => stopped.abort(), { once: true })
      // One listener on a signal that thousands of kubelets may share.
      const own = stopped.signal
      await Promise.all([
        reporter.run(own),
        keepNodeLease({
          nodeName: node.name,
          durationSeconds: configuration.nodeLeaseDurationSeconds,
          client,
          clock,
          log,
          node: () => reporter.node,
          signal: own,
          ...(options.leaseRenewMs !== undefined && { renewMs: options.leaseRenewMs }),
        }),
        runPods(own),
        holdPods(own),
        ...(options.keepsHouse === false ? [] : [keepHouse(own)]),
        shutdown?.run(own),
      ])
    },
  }
}
