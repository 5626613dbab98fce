import { onAbort } from "../../base/on-abort.ts"
import type { Clock, Timer } from "../../base/clock.ts"
import { Heap } from "../../base/heap.ts"
import type { Cache } from "../../client/cache.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { FitError } from "../fit-error.ts"
import type { Change, Hint, Plugin } from "../framework.ts"
import type { PodInfo } from "../pod-info.ts"
import { isChanged } from "../is-changed.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import { claimsChanged, eventLabel, podChange, queueEvents } from "./event-label.ts"

/**
 * The pods that wait for a node (https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/#queue-sort).
 * A pod is always in one place:
 *
 *   gated          a plugin does not let it in yet; left when the pod itself changes
 *   active         ready to be tried: by priority, then by time
 *   backoff        ready, but was tried a moment ago: waits 1 s, 2 s, 4 s, ... 10 s. Taken early when nothing is active
 *   unschedulable  no node fitted; left when something changes that a plugin which rejected it says may help
 *   taken          being tried
 *
 * Trying a pod never waits, so nothing can change between the try and its verdict, and no event can be missed.
 */
export interface QueuedPod {
  info: PodInfo
  /** When it was put into the queue, the last time, by the monotonic clock; decides among equals of priority. */
  since: number
  /** When it was first ready to be tried. */
  firstReadyMs: number | undefined
  attempts: number
  /** How often no node fitted. */
  unschedulableCount: number
  /** How often in a row something else went wrong: these wait out their back-off. */
  errorCount: number
  place: "gated" | "active" | "backoff" | "unschedulable" | "taken" | "gone"
  backoffUntil: number
  rejectedBy: ReadonlySet<Plugin>
  /** Nothing woke it: it is tried because it waited long. */
  lostPatience: boolean
  /** Why it found no node the last time. */
  fitError?: FitError
  /** Why it may not enter, and who says so. */
  gatedBecause?: string | undefined
  gatedBy?: Plugin | undefined
}

export interface SchedulingQueueOptions {
  readonly clock: Clock
  /** Of all profiles. */
  readonly plugins: Iterable<Plugin>
  /** Those that may keep this pod out. */
  readonly gatesFor: (pod: PodInfo) => readonly Plugin[]
  readonly cache: Cache
  /** Told of each pod that comes to another place, and of what brought it there. */
  readonly onIncoming?: (place: "active" | "backoff" | "unschedulable", event: string) => void
  /** @default 1000 */
  readonly initialBackoffMs?: number
  /** @default 10_000 */
  readonly maxBackoffMs?: number
}

/** A pod that no hint has woken for this long is tried all the same. */
const patienceMs = 5 * 60_000
/** Back-offs end together at full seconds, so that the more important pods of a second go first. */
const backoffWindowMs = 1000

export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions
  readonly #pods = new Map<string, QueuedPod>()
  readonly #active = new Heap<QueuedPod>(compareForActive)
  readonly #backoff = new Heap<QueuedPod>(compareForBackoff)
  /** The unschedulable ones by each plugin that rejected them. */
  readonly #rejectedBy = new Map<Plugin | undefined, Set<QueuedPod>>()
  readonly #gatedBy = new Map<Plugin, Set<QueuedPod>>()
  readonly #hints = new Map<string, { plugin: Plugin; hint: Hint }[]>()
  #activeSize = 0
  /** How much has happened: whoever waits between looking and deciding can see whether anything did meanwhile. */
  changes = 0
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #patienceTimer: Timer | undefined
  #wake: (() => void) | undefined

  constructor(options: SchedulingQueueOptions) {
    this.#options = options
    for (const plugin of options.plugins) {
      for (const hint of plugin.hints ?? []) {
        const id = hintId(hint.resource, hint.change)
        this.#hints.set(id, [...(this.#hints.get(id) ?? []), { plugin, hint }])
      }
    }
  }

  /** Pods in each place, for metrics and for people. */
  get sizes(): Readonly<Record<QueuedPod["place"], number>> {
    const sizes = { gated: 0, active: 0, backoff: 0, unschedulable: 0, taken: 0, gone: 0 }
    for (const { place } of this.#pods.values()) sizes[place]++
    return sizes
  }

  all(): QueuedPod[] {
    return Array.from(this.#pods.values())
  }

  find(uid: string): QueuedPod | undefined {
    return this.#pods.get(uid)
  }

  /** A pod without a node appeared or changed. A change of its status alone moves nothing. */
  set(info: PodInfo): void {
    const queued = this.#pods.get(info.uid)
    if (!queued) return this.#enter(info)
    const previous = queued.info.pod
    queued.info = info
    if (queued.place !== "gated" && queued.place !== "unschedulable") return
    const changed =
      isChanged(info.pod.spec, previous.spec) ||
      isChanged(info.pod.metadata.labels, previous.metadata.labels) ||
      claimsChanged(info.pod, previous)
    if (changed) this.#retry(queued, `${queueEvents.updated}${podChange(info.pod, previous)}`)
  }

  delete(uid: string): void {
    const queued = this.#pods.get(uid)
    if (!queued) return
    this.#pods.delete(uid)
    this.#move(queued, "gone")
  }

  /** The next pod to try, or undefined when none is ready. */
  take(): QueuedPod | undefined {
    const queued = this.#pop(this.#active, "active") ?? this.#takeEarly()
    if (!queued) return undefined
    this.#move(queued, "taken")
    queued.attempts++
    return queued
  }

  /** Resolves when `take` may have something, or when `signal` aborts. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#activeSize > 0 || this.#earliest() || signal.aborted) return
    let forget: () => void = () => {}
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      forget = onAbort(signal, resolve)
    })
    forget()
    this.#wake = undefined
  }

  /** The verdict of a try: no node fits. */
  reject(queued: QueuedPod, error: FitError): void {
    if (queued.place !== "taken") return
    queued.unschedulableCount++
    queued.errorCount = 0
    queued.fitError = error
    queued.rejectedBy = error.plugins
    this.#putBack(queued)
    this.#move(queued, "unschedulable")
    this.#options.onIncoming?.("unschedulable", queueEvents.attemptFailed)
    for (const plugin of error.plugins) this.#rejecters(plugin).add(queued)
    this.#watchPatience()
  }

  /** The verdict of a try: something went wrong on the way; tried again after a while. */
  fail(queued: QueuedPod): void {
    if (queued.place !== "taken") return
    queued.errorCount++
    queued.rejectedBy = none
    this.#putBack(queued)
    this.#retry(queued, queueEvents.attemptFailed)
  }

  /** Something changed in the cluster: pods that it may help get another try. */
  onChange<T extends KubeObject>(resource: Resource<T>, change: Change, current?: T, previous?: T): void {
    this.changes++
    const label = () => eventLabel(resource, change, current, previous)
    for (const { plugin, hint } of this.#hints.get(hintId(resource, change)) ?? []) {
      const waiting = this.#rejectedBy.get(plugin)
      const gated = this.#gatedBy.get(plugin)
      if ((!waiting?.size && !gated?.size) || hint.concerns?.(current, previous) === false) continue
      const mayHelp = ({ info }: QueuedPod) => hint.mayHelp?.(info, current, previous) !== false
      for (const queued of Array.from(waiting ?? [])) if (mayHelp(queued)) this.#retry(queued, label())
      for (const queued of Array.from(gated ?? [])) if (mayHelp(queued)) this.#retry(queued, label())
    }
    // Rejected by no plugin: there was no node at all, or somebody outside said no.
    const unexplained = change === "add" ? this.#rejectedBy.get(undefined) : undefined
    if (unexplained?.size) for (const queued of Array.from(unexplained)) this.#retry(queued, label())
  }

  /** A pod waits for hints no more: what was to help it has failed. */
  retry(uid: string): void {
    const queued = this.#pods.get(uid)
    if (queued?.place === "unschedulable") this.#retry(queued, queueEvents.activated)
  }

  /** Takes a waiting pod that is not the next, because it is tried together with one that was. */
  takeNamed(uid: string): QueuedPod | undefined {
    const queued = this.#pods.get(uid)
    if (!queued || queued.place === "taken" || queued.place === "gated") return undefined
    this.#move(queued, "taken")
    queued.attempts++
    return queued
  }

  close(): void {
    this.#timer?.cancel()
    this.#patienceTimer?.cancel()
  }

  #enter(info: PodInfo): void {
    const queued: QueuedPod = {
      info,
      since: this.#options.clock.monotonic(),
      firstReadyMs: undefined,
      attempts: 0,
      unschedulableCount: 0,
      errorCount: 0,
      place: "gated",
      backoffUntil: 0,
      rejectedBy: none,
      lostPatience: false,
    }
    this.#pods.set(info.uid, queued)
    if (this.#passesGates(queued)) this.#activate(queued, queueEvents.appeared)
    else this.#options.onIncoming?.("unschedulable", queueEvents.appeared)
  }

  /** Tried without success: it goes behind those that wait already. */
  #putBack(queued: QueuedPod): void {
    queued.since = this.#options.clock.monotonic()
    queued.lostPatience = false
  }

  /** False: it waits for whoever keeps it out. */
  #passesGates(queued: QueuedPod): boolean {
    for (const plugin of this.#options.gatesFor(queued.info)) {
      const reason = plugin.gate!(queued.info, this.#options.cache)
      if (reason === undefined) continue
      this.#move(queued, "gated")
      queued.gatedBecause = reason
      queued.gatedBy = plugin
      let gated = this.#gatedBy.get(plugin)
      if (!gated) this.#gatedBy.set(plugin, (gated = new Set()))
      gated.add(queued)
      return false
    }
    queued.gatedBecause = undefined
    queued.gatedBy = undefined
    return true
  }

  #retry(queued: QueuedPod, event: string): void {
    if (!this.#passesGates(queued)) return
    const { clock } = this.#options
    queued.backoffUntil = this.#backoffEnd(queued)
    if (queued.backoffUntil <= clock.monotonic()) return this.#activate(queued, event)
    this.#move(queued, "backoff")
    this.#options.onIncoming?.("backoff", event)
    this.#backoff.push(queued)
    this.#armTimer()
    if (queued.errorCount === 0) this.#wake?.()
  }

  #backoffEnd({ errorCount, unschedulableCount, since }: QueuedPod): number {
    const { initialBackoffMs = 1000, maxBackoffMs = 10_000 } = this.#options
    const count = errorCount || unschedulableCount
    if (count === 0) return 0
    const end = since + Math.min(initialBackoffMs * 2 ** (count - 1), maxBackoffMs)
    return Math.floor(end / backoffWindowMs) * backoffWindowMs
  }

  #activate(queued: QueuedPod, event: string): void {
    queued.firstReadyMs ??= this.#options.clock.monotonic()
    this.#move(queued, "active")
    this.#options.onIncoming?.("active", event)
    this.#active.push(queued)
    this.#wake?.()
  }

  /** Heaps forget nothing; what has moved on is skipped when it comes to the top. */
  #move(queued: QueuedPod, place: QueuedPod["place"]): void {
    if (queued.place === "active") this.#activeSize--
    if (place === "active") this.#activeSize++
    if (queued.place === "unschedulable") {
      for (const plugin of queued.rejectedBy) this.#rejectedBy.get(plugin)?.delete(queued)
      this.#rejectedBy.get(undefined)?.delete(queued)
    }
    if (queued.gatedBy) this.#gatedBy.get(queued.gatedBy)?.delete(queued)
    queued.place = place
    if (place === "unschedulable" && queued.rejectedBy.size === 0) this.#rejecters(undefined).add(queued)
  }

  #pop(heap: Heap<QueuedPod>, place: QueuedPod["place"]): QueuedPod | undefined {
    for (let queued = heap.pop(); queued; queued = heap.pop()) if (queued.place === place) return queued
    return undefined
  }

  #earliest(): QueuedPod | undefined {
    while (this.#backoff.peek() && this.#backoff.peek()!.place !== "backoff") this.#backoff.pop()
    const first = this.#backoff.peek()
    return first && first.errorCount > 0 ? undefined : first
  }

  #takeEarly(): QueuedPod | undefined {
    if (!this.#earliest()) return undefined
    this.#options.onIncoming?.("active", queueEvents.takenEarly)
    return this.#pop(this.#backoff, "backoff")
  }

  #armTimer(): void {
    const first = this.#backoff.peek()
    if (!first || first.backoffUntil >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = first.backoffUntil
    this.#timer = this.#options.clock.after(first.backoffUntil - this.#options.clock.monotonic(), () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      const now = this.#options.clock.monotonic()
      while (this.#backoff.peek() && this.#backoff.peek()!.backoffUntil <= now) {
        const queued = this.#backoff.pop()!
        if (queued.place === "backoff") this.#activate(queued, queueEvents.backoffOver)
      }
      this.#armTimer()
    })
  }

  #watchPatience(): void {
    this.#patienceTimer ??= this.#options.clock.after(patienceMs, () => {
      this.#patienceTimer = undefined
      const before = this.#options.clock.monotonic() - patienceMs
      let left = false
      for (const queued of Array.from(this.#pods.values())) {
        if (queued.place !== "unschedulable") continue
        if (queued.since > before) left = true
        else {
          queued.lostPatience = true
          this.#retry(queued, queueEvents.patienceOver)
        }
      }
      if (left) this.#watchPatience()
    })
  }

  #rejecters(plugin: Plugin | undefined): Set<QueuedPod> {
    let pods = this.#rejectedBy.get(plugin)
    if (!pods) this.#rejectedBy.set(plugin, (pods = new Set()))
    return pods
  }
}

const none: ReadonlySet<Plugin> = new Set()

function compareForBackoff(a: QueuedPod, b: QueuedPod): number {
  return a.backoffUntil - b.backoffUntil || compareForActive(a, b)
}

function compareForActive(a: QueuedPod, b: QueuedPod): number {
  return b.info.priority - a.info.priority || a.since - b.since
}

function hintId(resource: Resource, change: Change): string {
  return `${groupResource(resource)} ${change}`
}
