import { parseDuration } from "../../apimachinery/duration.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import type { RuntimeService } from "../../container-runtime/cri.ts"
import { containerNameLabel, podUidLabel } from "../containers/runtime-labels.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { ImageCollector } from "../images/image-collector.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import type { NodeHost } from "../node-host.ts"
import type { PodWorker } from "../pods/pod-worker.ts"
import type { PodWorkers } from "../pods/pod-workers.ts"
import { exceededStorage, hasStorageLimit } from "./exceeded-storage.ts"
import type { EvictionCondition } from "../pods/pod-state.ts"
import { evictionMessage, resourceOf } from "./eviction-message.ts"
import {
  conditionOf,
  dueShortages,
  findShortages,
  holdConditions,
  type PressureCondition,
  type Shortage,
} from "./node-pressure.ts"
import { parseThresholds, type Threshold } from "./thresholds.ts"
import { isCritical, type PodUsage, rankForEviction } from "./rank-pods.ts"

export interface EvictionManagerOptions {
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

/**
 * Keeps the node alive when it runs short of memory, disk or process ids: first what nobody uses is thrown away, then one
 * pod at a time is ended, the one that has the least right to what it uses.
 */
export class EvictionManager {
  readonly #options: EvictionManagerOptions
  readonly #thresholds: readonly Threshold[]
  readonly #holdMs: number
  #held: Map<PressureCondition, number> = new Map()
  #since: ReadonlyMap<Threshold, number> = new Map()

  constructor(options: EvictionManagerOptions) {
    this.#options = options
    this.#thresholds = withAllocatable(parseThresholds(options.configuration), options.configuration)
    this.#holdMs = parseDuration(options.configuration.evictionPressureTransitionPeriod)
  }

  has(condition: PressureCondition): boolean {
    return this.#held.has(condition)
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => log.warn("node pressure not judged", { error }))
      await sleep(clock, periodMs, signal)
    }
  }

  async look(): Promise<void> {
    const { host, clock, changed, images } = this.#options
    await this.#enforceLimits()
    const shortages = findShortages(await host.usage(), this.#thresholds)
    const before = [...this.#held.keys()].sort().join()
    const { since, due } = dueShortages(this.#since, shortages, clock.now())
    this.#since = since
    // A soft threshold shows in the node's conditions as soon as it counts.
    this.#held = holdConditions(this.#held, due, clock.now(), this.#holdMs)
    if ([...this.#held.keys()].sort().join() !== before) changed()
    const [worst] = due
    if (!worst) return
    const isDisk = conditionOf[worst.signal] === "DiskPressure"
    if (isDisk && (await images.collect(worst.missing)) >= worst.missing) return
    await this.#evictOne(worst)
  }

  /** Pods that have written more than they may go, however much room there is. */
  async #enforceLimits(): Promise<void> {
    const limited = this.#options.workers
      .list()
      .filter(
        ({ state: { stage, pod } }) => stage.kind === "syncing" && hasStorageLimit(pod) && !isCritical(pod),
      )
    if (limited.length === 0) return
    for (const usage of await this.#usages("disk", limited)) {
      const message = exceededStorage(usage.pod, usage)
      if (message) this.#evict(usage.pod, message)
    }
  }

  async #evictOne(shortage: Shortage): Promise<void> {
    const { metrics, log, configuration, workers } = this.#options
    const resource = resourceOf(shortage)
    const running = workers.list().filter(({ state }) => state.stage.kind === "syncing")
    const usages = await this.#usages(resource === "memory" ? "memory" : "disk", running)
    const ranked = rankForEviction(usages, resource === "memory" ? "memory" : "ephemeral-storage")
    const [victim] = ranked.filter(({ pod }) => !isCritical(pod))
    if (!victim) return log.warn("short of a resource, and no pod may be evicted", { resource })
    const message = evictionMessage(shortage, victim)
    log.warn("evicting a pod", {
      pod: victim.pod.metadata.name,
      namespace: victim.pod.metadata.namespace,
      resource,
    })
    metrics.evictions.add(1, shortage.signal)
    const isSoft = shortage.met.gracePeriodMs !== undefined
    const maxSeconds = isSoft ? (configuration.evictionMaxPodGracePeriod ?? 0) : 0
    this.#evict(victim.pod, message, { reason: "TerminationByKubelet", message }, maxSeconds)
  }

  /** Who meets a hard threshold has a second; a soft one leaves time to end, though not more than the pod would take. */
  #evict(pod: Pod, message: string, condition?: EvictionCondition, maxSeconds = 0): void {
    const { workers, events } = this.#options
    events.event(pod, "Warning", "Evicted", message)
    workers.find(pod.metadata.uid)?.handle({
      kind: "evict",
      reason: "Evicted",
      message,
      gracePeriodSeconds: Math.max(Math.min(maxSeconds, pod.spec.terminationGracePeriodSeconds ?? 30), 1),
      ...(condition && { condition }),
    })
  }

  /** What each of these pods uses; of the disk also with logs and with volumes that are on it. */
  async #usages(of: "memory" | "disk", workers: readonly PodWorker[]): Promise<PodUsage[]> {
    const { runtime, host } = this.#options
    const byPod = new Map<string, { name: string; bytes: number }[]>()
    for (const { labels, memory, writableLayer } of await runtime.listContainerStats()) {
      const uid = labels[podUidLabel] ?? ""
      const bytes = (of === "memory" ? memory?.workingSetBytes : writableLayer?.usedBytes) ?? 0
      const known = byPod.get(uid) ?? []
      byPod.set(uid, [...known, { name: labels[containerNameLabel] ?? "", bytes }])
    }
    return Promise.all(
      workers.map(async ({ state: { pod, runtime: seen } }) => {
        const containers = byPod.get(pod.metadata.uid) ?? []
        if (of === "memory") return { pod, containers, volumes: [] }
        const withLogs = containers.map(async ({ name, bytes }) => {
          const logs = seen.containers.filter((each) => each.name === name && each.logPath)
          const sizes = await Promise.all(logs.map(({ logPath }) => host.logs.size(logPath)))
          return { name, bytes: sizes.reduce((sum, size) => sum + size, bytes) }
        })
        const volumes = await host.volumes.usage(pod.metadata.uid)
        return { pod, containers: await Promise.all(withLogs), volumes }
      }),
    )
  }

  /** Why a new pod may not come while the node is in need; undefined if it may. */
  judge(pod: Pod): { readonly reason: string; readonly message: string } | undefined {
    const conditions = [...this.#held.keys()].sort()
    if (conditions.length === 0 || isCritical(pod)) return undefined
    const onlyMemory = conditions.length === 1 && conditions[0] === "MemoryPressure"
    // Of memory a pod that asked for some has a right to it; of disk nobody has.
    if (onlyMemory && pod.status.qosClass !== "BestEffort") return undefined
    return {
      reason: "Evicted",
      message: `The node had condition: [${conditions.join(" ")}]. `,
    }
  }
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
