import { orAborted } from "../base/on-abort.ts"
import { type Clock, sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { formatMetrics, type Metric } from "../base/metrics.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { PodDisruptionBudget } from "../api/policy/v1/pod-disruption-budget.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Client } from "../client/client.ts"
import type { EventSeriesRecorder } from "../client/event-series-recorder.ts"
import type { Informers } from "../client/informers.ts"
import { ClusterView } from "./cluster-view.ts"
import { defaultProfile } from "./default-profile.ts"
import { describePending, type PendingPod } from "./describe-pending.ts"
import type { Extender } from "./extenders/extender.ts"
import { scheduleWithExtenders } from "./extenders/schedule-with-extenders.ts"
import { followCluster } from "./follow-cluster.ts"
import type { CycleContext, Plugin } from "./framework.ts"
import { findGang, scheduleGang } from "./gang/schedule-gang.ts"
import { makeRoom } from "./make-room.ts"
import { SchedulerMetrics } from "./metrics.ts"
import { Nominations } from "./nominations.ts"
import { assume, bindPlaced, failOnTheWay } from "./place-pod.ts"
import { workloadResources } from "./plugins/spread-constraints.ts"
import type { PodInfo } from "./pod-info.ts"
import { podResourceMetrics } from "./pod-resource-metrics.ts"
import { Probe } from "./probe.ts"
import { type Profile, runProfile } from "./profile.ts"
import { type QueuedPod, SchedulingQueue } from "./queue/scheduling-queue.ts"
import type { SchedulerParts } from "./scheduler-parts.ts"

export interface SchedulerOptions {
  readonly client: Client
  /** Shared with others; the scheduler asks for pods, nodes and whatever its plugins' hints name. */
  readonly informers: Informers
  readonly events: EventSeriesRecorder
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Each looks after the pods that name it. @default one with upstream's default plugins, "default-scheduler" */
  readonly profiles?: readonly Profile[]
  readonly extenders?: readonly Extender[]
  /** @default 1000 */
  readonly initialBackoffMs?: number
  /** @default 10_000 */
  readonly maxBackoffMs?: number
}

export interface Scheduler {
  /** Schedules until `signal` aborts. The informers must be started by the caller. */
  run(signal: AbortSignal): Promise<void>
  /** Why this pod has no node: what each node failed on the last time it was tried. */
  whyPending(podUid: string): PendingPod | undefined
  findPending(namespace: string, name: string): PendingPod | undefined
  /** All that wait. */
  pending(): PendingPod[]
  readonly queue: SchedulingQueue
  readonly metrics: SchedulerMetrics
  /** What pods ask for, in Prometheus' text format; "" while it does not run: one scheduler tells of a cluster. */
  podResources(): string
}

/** Bindings under way at once: enough to fill the store's group commit, not so many that a burst fills memory. */
const maxBinding = 256
/** Trying pods never waits; everything else in the process gets its turn after this long. */
const turnMs = 20

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new PodScheduler(options)
}

class PodScheduler implements Scheduler {
  readonly queue: SchedulingQueue
  readonly metrics: SchedulerMetrics
  readonly #parts: SchedulerParts
  readonly #binding = new Set<Promise<void>>()
  #onFreed: (() => void) | undefined
  readonly #podResources: readonly Metric[]
  #isRunning = false
  #signal: AbortSignal = new AbortController().signal

  constructor(options: SchedulerOptions) {
    const { random, informers, clock } = options
    const view = new ClusterView()
    this.metrics = new SchedulerMetrics(
      () => this.queue,
      () => view.sizes,
    )
    const profiles = (options.profiles ?? [defaultProfile()]).map((profile) =>
      runProfile(profile, random, new Probe(this.metrics, clock, profile.schedulerName)),
    )
    const byName = new Map(profiles.map((profile) => [profile.schedulerName, profile]))
    const profileOf = ({ pod }: PodInfo) => byName.get(pod.spec.schedulerName || "default-scheduler")!
    const plugins = new Set(profiles.flatMap((profile) => Array.from(profile.plugins)))
    const nominations = new Nominations()
    this.queue = new SchedulingQueue({
      ...options,
      plugins,
      gatesFor: (info) => profileOf(info).gates,
      cache: informers.cache,
      onIncoming: (place, event) => this.metrics.incomingPods.add(1, place, event),
    })
    this.#parts = {
      ...options,
      view,
      nominations,
      queue: this.queue,
      context: contextOf(view, nominations, informers, clock),
      metrics: this.metrics,
      extenders: options.extenders ?? [],
      profileOf,
      inBackground: (work) => this.#inBackground(work),
      signal: () => this.#signal,
    }
    this.#podResources = podResourceMetrics(() => informers.cache.list(Pod))
    this.#attach(plugins)
    followCluster(this.#parts, plugins, new Set(byName.keys()))
  }

  whyPending(podUid: string): PendingPod | undefined {
    const queued = this.queue.find(podUid)
    return queued && describePending(queued)
  }

  findPending(namespace: string, name: string): PendingPod | undefined {
    const pod = this.#parts.informers.cache.find(Pod, { namespace, name })
    return pod && this.whyPending(pod.metadata.uid)
  }

  podResources(): string {
    return this.#isRunning ? formatMetrics(this.#podResources) : ""
  }

  pending(): PendingPod[] {
    return this.queue.all().map(describePending)
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    this.#isRunning = true
    const { informers, clock } = this.#parts
    await orAborted(informers.synced(), signal)
    let turnEndsAt = clock.monotonic() + turnMs
    while (!signal.aborted) {
      const queued = this.queue.take()
      if (queued) await this.#schedule(queued)
      else await this.queue.ready(signal)
      while (this.#binding.size >= maxBinding) await this.#freed()
      if (clock.monotonic() >= turnEndsAt) {
        await sleep(clock, 0)
        turnEndsAt = clock.monotonic() + turnMs
      }
    }
    this.#isRunning = false
    this.queue.close()
    await Promise.allSettled(this.#binding)
  }

  /** One try. Everything up to the choice happens at once, unless an extender is asked; what follows takes its time. */
  async #schedule(queued: QueuedPod): Promise<void> {
    const parts = this.#parts
    const startedMs = parts.clock.monotonic()
    try {
      await this.#tryOnce(queued, startedMs)
    } catch (error) {
      const { namespace, name } = queued.info.pod.metadata
      parts.log.warn("cannot schedule", { pod: `${namespace}/${name}`, error })
      failOnTheWay(queued, error, startedMs, parts)
    }
  }

  #tryOnce(queued: QueuedPod, startedMs: number): Promise<void> | void {
    const parts = this.#parts
    const { info } = queued
    if (info.pod.metadata.deletionTimestamp) return this.queue.delete(info.uid)
    const gang = findGang(info, parts)
    if (gang) return scheduleGang(gang, queued, startedMs, parts)
    if (parts.extenders.some((extender) => extender.isInterestedIn(info)))
      return scheduleWithExtenders(queued, startedMs, parts)
    const { finder } = parts.profileOf(info)
    const found = finder.findFeasible(info, parts.context)
    const node = found.kind === "feasible" ? finder.best(info, found.nodes, parts.context) : undefined
    parts.metrics.algorithmDuration.observe((parts.clock.monotonic() - startedMs) / 1000)
    if (found.kind === "unschedulable") return makeRoom(queued, found.error, startedMs, parts)
    this.#inBackground(bindPlaced(assume(queued, node!, parts), startedMs, parts))
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#parts.log.warn("scheduling", { error }))
      .finally(() => {
        this.#binding.delete(tracked)
        this.metrics.goroutines.set(this.#binding.size, "binding")
        this.#onFreed?.()
      })
    this.#binding.add(tracked)
    this.metrics.goroutines.set(this.#binding.size, "binding")
  }

  /** Resolves when one of the bindings under way is done. */
  #freed(): Promise<void> {
    return new Promise((resolve) => (this.#onFreed = resolve))
  }

  #attach(plugins: ReadonlySet<Plugin>): void {
    const { informers } = this.#parts
    for (const resource of [Pod, PodDisruptionBudget, ...workloadResources])
      informers.for<KubeObject>(resource)
    for (const plugin of plugins) plugin.attach?.(informers)
  }
}

function contextOf(
  view: ClusterView,
  nominations: Nominations,
  informers: Informers,
  clock: Clock,
): CycleContext {
  return {
    view,
    clock,
    cache: informers.cache,
    nominatedTo: (nodeName) => nominations.on(nodeName),
    anyNominated: () => nominations.size > 0,
    anyNominatedRepels: () => nominations.repelling > 0,
  }
}
