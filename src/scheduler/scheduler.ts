import { type Clock, sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { PodDisruptionBudget } from "../api/policy/v1/pod-disruption-budget.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import type { Client } from "../client/client.ts"
import type { EventRecorder } from "../client/event-recorder.ts"
import type { Informers } from "../client/informers.ts"
import { bind } from "./bind.ts"
import { ClusterView } from "./cluster-view.ts"
import { defaultPlugins } from "./default-profile.ts"
import { NodeFinder, type WeightedPlugin } from "./find-node.ts"
import { type FitError, formatFitError } from "./fit-error.ts"
import type { Change, CycleContext } from "./framework.ts"
import { Nominations } from "./nominations.ts"
import { workloadResources } from "./plugins/spread-constraints.ts"
import { isTerminated, podInfo } from "./pod-info.ts"
import { planPreemption } from "./preemption.ts"
import { nominate, preempt, reportUnschedulable } from "./report.ts"
import { type QueuedPod, SchedulingQueue } from "./queue/scheduling-queue.ts"

export interface SchedulerOptions {
  readonly client: Client
  /** Shared with others; the scheduler asks for pods, nodes and whatever its plugins' hints name. */
  readonly informers: Informers
  readonly events: EventRecorder
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** The pods it looks after. @default "default-scheduler" */
  readonly schedulerName?: string
  /** @default upstream's default plugins */
  readonly plugins?: readonly WeightedPlugin[]
}

export interface Scheduler {
  /** Schedules until `signal` aborts. The informers must be started by the caller. */
  run(signal: AbortSignal): Promise<void>
  /** Why this pod found no node the last time it was tried. */
  whyPending(podUid: string): FitError | undefined
  readonly queue: SchedulingQueue
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
  readonly #options: SchedulerOptions
  readonly #plugins: readonly WeightedPlugin[]
  readonly #view = new ClusterView()
  readonly #nominations = new Nominations()
  readonly #finder: NodeFinder
  readonly #context: CycleContext
  readonly #binding = new Set<Promise<void>>()

  constructor(options: SchedulerOptions) {
    const { clock, random, informers, plugins = defaultPlugins } = options
    this.#options = options
    this.#plugins = plugins
    this.queue = new SchedulingQueue({ clock, plugins: plugins.map(({ plugin }) => plugin) })
    this.#finder = new NodeFinder(plugins, random)
    this.#context = {
      view: this.#view,
      cache: informers.cache,
      nominatedTo: (nodeName) => this.#nominations.on(nodeName),
      anyNominated: () => this.#nominations.size > 0,
    }
    for (const resource of [PodDisruptionBudget, ...workloadResources]) informers.for<KubeObject>(resource)
    this.#follow()
  }

  whyPending(podUid: string): FitError | undefined {
    return this.queue.find(podUid)?.fitError
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock } = this.#options
    await informers.synced()
    let turnEndsAt = clock.monotonic() + turnMs
    while (!signal.aborted) {
      const queued = this.queue.take()
      if (queued) this.#schedule(queued, signal)
      else await this.queue.ready(signal)
      if (this.#binding.size >= maxBinding) await Promise.race(this.#binding)
      if (clock.monotonic() >= turnEndsAt) {
        await sleep(clock, 0)
        turnEndsAt = clock.monotonic() + turnMs
      }
    }
    this.queue.close()
    await Promise.allSettled(this.#binding)
  }

  /** One try. Everything up to the choice happens at once; only what follows from it takes time. */
  #schedule(queued: QueuedPod, signal: AbortSignal): void {
    const { log } = this.#options
    const { info } = queued
    if (info.pod.metadata.deletionTimestamp) return this.queue.delete(info.uid)
    const placement = this.#finder.find(info, this.#context)
    if (placement.kind === "unschedulable") return this.#makeRoom(queued, placement.error, signal)
    const { node, evaluated, feasible } = placement
    log.debug("found a node", { pod: info.pod.metadata.name, node: node.name, evaluated, feasible })
    this.#view.assume(info.pod, node.name)
    this.#inBackground(this.#bind(queued, node.name, signal))
  }

  async #bind(queued: QueuedPod, nodeName: string, signal: AbortSignal): Promise<void> {
    const { client, events, informers, log } = this.#options
    const { pod } = queued.info
    try {
      await bind(queued.info, nodeName, this.#plugins, { client, cache: informers.cache, signal })
      this.#nominations.delete(queued.info.uid)
      const message = `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${nodeName}`
      events.event(pod, "Normal", "Scheduled", message)
    } catch (error) {
      this.#view.forget(queued.info.uid)
      if (isStatusError(error, "NotFound")) return this.queue.delete(queued.info.uid)
      log.warn("cannot bind", {
        pod: `${pod.metadata.namespace}/${pod.metadata.name}`,
        node: nodeName,
        error,
      })
      const reason = error instanceof Error ? error.message : String(error)
      if (!signal.aborted) events.event(pod, "Warning", "FailedScheduling", `binding rejected: ${reason}`)
      this.queue.fail(queued)
    }
  }

  /** No node fits: the pod waits, and if lesser pods can make room for it they are asked to go. */
  #makeRoom(queued: QueuedPod, error: FitError, signal: AbortSignal): void {
    const { info } = queued
    const budgets = this.#options.informers.cache.list(PodDisruptionBudget)
    const plan = planPreemption(info, error, this.#plugins, budgets, this.#context)
    this.queue.reject(queued, error)
    const noClaims = "no new claims to deallocate, "
    const preemption = plan.kind === "none" && plan.message ? `${noClaims}${plan.message}` : ""
    const message = formatFitError(error, preemption)
    const { client, events, clock } = this.#options
    this.#inBackground(reportUnschedulable(info.pod, message, { client, events, clock }))
    if (plan.kind === "none") return
    this.#nominations.set(info, plan.node.name)
    const act = async () => {
      await nominate(info.pod, plan.node.name, client)
      await preempt(plan.victims, info.pod, plan.node.name, { client, events, clock, signal })
    }
    this.#inBackground(act())
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#options.log.warn("scheduling", { error }))
      .finally(() => this.#binding.delete(tracked))
    this.#binding.add(tracked)
  }

  #follow(): void {
    const { informers } = this.#options
    informers.onChange(Node, (current, previous) => {
      if (current) this.#view.setNode(current)
      else this.#view.deleteNode(previous!.metadata.name)
      this.#changed(Node, current, previous)
    })
    informers.onChange(Pod, (current, previous) => this.#podChanged(current, previous))
    const others = new Set(
      this.#plugins.flatMap(({ plugin }) => (plugin.hints ?? []).map(({ resource }) => resource)),
    )
    for (const resource of others) {
      if (resource.plural === "pods" || resource.plural === "nodes") continue
      informers.onChange(resource, (current, previous) => this.#changed(resource, current, previous))
    }
  }

  /** A pod is either waiting for a node, and ours; or on one, and concerns the view; or over. */
  #podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    const pod = (current ?? previous)!
    const { uid } = pod.metadata
    if (previous && previous.metadata.uid !== uid) this.#podChanged(undefined, previous)
    const onNode = (each: Pod | undefined) =>
      each && each.spec.nodeName && !isTerminated(each) && each.metadata.uid === uid
    if (!current || isTerminated(current) || current.spec.nodeName) {
      this.queue.delete(uid)
      this.#nominations.delete(uid)
    } else if (this.#isOurs(current)) {
      this.#nominations.follow(podInfo(current))
      this.queue.set(podInfo(current))
    }
    if (onNode(current)) this.#view.setPod(current!)
    else if (!current || isTerminated(current)) this.#view.deletePod(uid)
    this.#changed(Pod, onNode(current) ? current : undefined, onNode(previous) ? previous : undefined)
  }

  #isOurs({ spec }: Pod): boolean {
    return (
      (spec.schedulerName || "default-scheduler") === (this.#options.schedulerName ?? "default-scheduler")
    )
  }

  #changed<T extends KubeObject>(
    resource: Parameters<SchedulingQueue["onChange"]>[0],
    current: T | undefined,
    previous: T | undefined,
  ): void {
    if (!current && !previous) return
    const change: Change = current ? (previous ? "update" : "add") : "delete"
    this.queue.onChange<KubeObject>(resource, change, current, previous)
  }
}
