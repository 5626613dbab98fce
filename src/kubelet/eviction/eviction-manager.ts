import { parseDuration } from "../../apimachinery/duration.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import type { RuntimeService } from "../../container-runtime/cri.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { ImageCollector } from "../images/image-collector.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import type { NodeHost, NodeUsage } from "../node-host.ts"
import type { PodWorkers } from "../pods/pod-workers.ts"
import type { EvictionCondition, PodState } from "../pods/pod-state.ts"
import { ContainerCollector } from "./container-collector.ts"
import { dataBehind, isReclaimable } from "./disk-layout.ts"
import { evictionMessage } from "./eviction-message.ts"
import { exceededStorage, hasStorageLimit } from "./exceeded-storage.ts"
import { judgePressure } from "./judge-pressure.ts"
import { PodMeter } from "./measure-pods.ts"
import {
  dueShortages,
  findShortages,
  holdConditions,
  type PressureCondition,
  resourceOf,
  type Shortage,
} from "./node-pressure.ts"
import { containerSignals, parseThresholds, type Threshold } from "./thresholds.ts"
import { isCritical, rankForEviction } from "./rank-pods.ts"

export interface EvictionManagerOptions {
  readonly nodeName: string
  readonly host: NodeHost
  readonly runtime: RuntimeService
  readonly workers: PodWorkers
  readonly events: EventRecorder
  readonly images: Pick<ImageCollector, "collect">
  readonly metrics: KubeletMetrics
  readonly clock: Clock
  readonly log: Logger
  /** Told when a condition of the node came or went. */
  readonly changed: () => void
  readonly configuration: Pick<
    KubeletConfiguration,
    | "evictionHard"
    | "evictionSoft"
    | "evictionSoftGracePeriod"
    | "evictionMinimumReclaim"
    | "evictionMaxPodGracePeriod"
    | "evictionPressureTransitionPeriod"
    | "enforceNodeAllocatable"
  >
}

const periodMs = 10_000
/** So long the next look waits for an evicted pod to be gone. */
const cleanUpMs = 30_000
const cleanUpPollMs = 1000
/** The runtime gives room back a moment after it has removed what took it. */
const freeingMs = 3000
const freeingPollMs = 100

/**
 * Keeps the node alive when it runs short of memory, disk or process ids: first what nobody uses is thrown away, then one
 * pod at a time is ended, the one that has the least right to what it uses.
 */
export class EvictionManager {
  readonly #options: EvictionManagerOptions
  readonly #thresholds: readonly Threshold[]
  readonly #holdMs: number
  readonly #meter: PodMeter
  readonly #containers: ContainerCollector
  #held: Map<PressureCondition, number> = new Map()
  #since: ReadonlyMap<Threshold, number> = new Map()
  /** Those that called for something to be done when we last looked. */
  #unresolved: ReadonlySet<Threshold> = new Set()

  constructor(options: EvictionManagerOptions) {
    this.#options = options
    this.#thresholds = withAllocatable(parseThresholds(options.configuration), options.configuration)
    this.#holdMs = parseDuration(options.configuration.evictionPressureTransitionPeriod)
    this.#meter = new PodMeter(options.runtime, options.host)
    this.#containers = new ContainerCollector({ ...options, logs: options.host.logs })
    const { evictionHard, evictionSoft } = options.configuration
    const ignored = containerSignals.filter((signal) => evictionHard[signal] ?? evictionSoft?.[signal])
    if (ignored.length > 0) options.log.warn("eviction thresholds that are not used", { ignored })
  }

  has(condition: PressureCondition): boolean {
    return this.#held.has(condition)
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      const evicted = await this.look().catch((error: unknown) => {
        log.warn("node pressure not judged", { error })
        return []
      })
      // While one is in need, the next goes as soon as the last one has gone.
      if (evicted.length > 0) await this.#untilGone(evicted, signal)
      else await sleep(clock, periodMs, signal)
    }
  }

  async #untilGone(pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const { clock, workers } = this.#options
    const holds = ({ metadata }: Pod) => workers.find(metadata.uid)?.state.stage.kind ?? "finished"
    for (let waitedMs = 0; waitedMs < cleanUpMs && !signal.aborted; waitedMs += cleanUpPollMs) {
      await sleep(clock, cleanUpPollMs, signal)
      if (pods.every((pod) => holds(pod) === "finished")) return
    }
  }

  /** Judges the node, and does one thing about what it is short of. Resolves to the pods that were evicted. */
  async look(): Promise<readonly Pod[]> {
    const { host, clock, changed } = this.#options
    const usage = await host.usage()
    const shortages = findShortages(usage, this.#thresholds, this.#unresolved)
    const before = [...this.#held.keys()].sort().join()
    const { since, due } = dueShortages(this.#since, shortages, clock.now())
    this.#since = since
    this.#unresolved = new Set(due.map(({ met }) => met))
    // The node says what it is short of at once, also where pods are given time.
    this.#held = holdConditions(this.#held, shortages, clock.now(), this.#holdMs)
    if ([...this.#held.keys()].sort().join() !== before) changed()
    const exceeding = await this.#enforceLimits(usage)
    const [worst] = due
    if (exceeding.length > 0 || !worst) return exceeding
    this.#announce(worst)
    if (await this.#reclaim(worst, usage)) return []
    return this.#evictOne(worst, usage)
  }

  #announce(shortage: Shortage): void {
    const { events, nodeName } = this.#options
    const node = { kind: "Node", name: nodeName, uid: nodeName }
    events.event(node, "Warning", "EvictionThresholdMet", `Attempting to reclaim ${resourceOf(shortage)}`)
  }

  /** Throws away what nobody uses, dead containers first, since they hold images; true when that was enough. */
  async #reclaim({ signal }: Shortage, { imageFilesystem }: NodeUsage): Promise<boolean> {
    const { images, log } = this.#options
    if (!isReclaimable(signal, imageFilesystem !== undefined)) return false
    const removed = await this.#containers.collect()
    // A disk that is full may let nothing be removed: then pods go.
    const freedBytes = await images.collect(Number.POSITIVE_INFINITY).catch((error: unknown) => {
      log.warn("images not collected", { error })
      return 0
    })
    return this.#isRelieved(removed > 0 || freedBytes > 0 ? freeingMs : 0)
  }

  /** Whether nothing is short any more, or is not within so long. */
  async #isRelieved(patienceMs: number): Promise<boolean> {
    const { host, clock } = this.#options
    const all = new Set(this.#thresholds)
    for (let leftMs = patienceMs; ; leftMs -= freeingPollMs) {
      if (findShortages(await host.usage(), this.#thresholds, all).length === 0) return true
      if (leftMs <= 0) return false
      await sleep(clock, freeingPollMs)
    }
  }

  /** Pods that have written more than they may go, however much room there is. */
  async #enforceLimits({ imageFilesystem }: NodeUsage): Promise<readonly Pod[]> {
    const { metrics } = this.#options
    const limited = this.#active().filter(({ pod }) => hasStorageLimit(pod) && !isCritical(pod))
    if (limited.length === 0) return []
    const measured = await this.#meter.disk(limited)
    return measured.flatMap(({ state: { pod }, usage }) => {
      const exceeded = exceededStorage(pod, usage, imageFilesystem !== undefined)
      if (!exceeded) return []
      this.#evict(pod, { message: exceeded.message })
      metrics.evictions.add(1, exceeded.signal)
      return [pod]
    })
  }

  async #evictOne(shortage: Shortage, { imageFilesystem }: NodeUsage): Promise<readonly Pod[]> {
    const { metrics, log, configuration } = this.#options
    const resource = resourceOf(shortage)
    const data = dataBehind(shortage.signal, imageFilesystem !== undefined)
    const ranked = rankForEviction(await this.#meter.measure(resource, this.#active(), data), resource)
    const victim = ranked.find(({ pod }) => !isCritical(pod))
    if (!victim) {
      log.warn("short of a resource, and no pod may be evicted", { resource })
      return []
    }
    const { pod } = victim
    const { message, annotations } = evictionMessage(shortage, victim)
    log.warn("evicting a pod", { pod: pod.metadata.name, namespace: pod.metadata.namespace, resource })
    metrics.evictions.add(1, shortage.signal)
    const isSoft = shortage.met.gracePeriodMs !== undefined
    const maxSeconds = isSoft ? (configuration.evictionMaxPodGracePeriod ?? 0) : 0
    const condition: EvictionCondition = { reason: "TerminationByKubelet", message }
    this.#evict(pod, { message, annotations, condition, maxSeconds })
    return [pod]
  }

  /** Pods that end already too: they may take less time for it. */
  #active(): PodState[] {
    return this.#options.workers
      .list()
      .map(({ state }) => state)
      .filter(({ stage }) => stage.kind === "syncing" || stage.kind === "terminating")
  }

  /** Who meets a hard threshold has a second; a soft one leaves time to end, though not more than the pod would take. */
  #evict(pod: Pod, { message, annotations, condition, maxSeconds = 0 }: Eviction): void {
    const { workers, events } = this.#options
    events.event(pod, "Warning", "Evicted", message, annotations)
    workers.find(pod.metadata.uid)?.handle({
      kind: "evict",
      reason: "Evicted",
      message,
      gracePeriodSeconds: Math.max(Math.min(maxSeconds, pod.spec.terminationGracePeriodSeconds ?? 30), 1),
      ...(condition && { condition }),
    })
  }

  /** Why a new pod may not come while the node is in need; undefined if it may. */
  judge(pod: Pod): ReturnType<typeof judgePressure> {
    return judgePressure(pod, [...this.#held.keys()])
  }
}

interface Eviction {
  readonly message: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly condition?: EvictionCondition
  readonly maxSeconds?: number
}

/** Where pods are held to a part of the memory, they may run short of that while the machine has enough. */
function withAllocatable(
  thresholds: readonly Threshold[],
  { enforceNodeAllocatable }: EvictionManagerOptions["configuration"],
): readonly Threshold[] {
  if (!enforceNodeAllocatable.includes("pods")) return thresholds
  const own = thresholds
    .filter(({ signal, gracePeriodMs }) => signal === "memory.available" && gracePeriodMs === undefined)
    .map((threshold): Threshold => ({ ...threshold, signal: "allocatableMemory.available" }))
  return [...thresholds, ...own]
}
