import { orAborted } from "../base/on-abort.ts"
import type { Clock } from "../base/clock.ts"
import { sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { formatKey, type KubeObject, parseKey } from "../apimachinery/meta.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import type { Client } from "./client.ts"
import { type ControllerDefinition, type Result, TerminalError, type WatchSource } from "./controller.ts"
import { createEventRecorder } from "./create-event-recorder.ts"
import type { EventRecorder } from "./event-recorder.ts"
import type { Informers } from "./informers.ts"
import { isNamespaceTerminating } from "./is-namespace-terminating.ts"
import { TrackedWrites } from "./track-writes.ts"
import { WorkQueue, type WorkQueueMetrics } from "./work-queue.ts"

export interface RunControllersOptions {
  readonly controllers: readonly ControllerDefinition[]
  /** The client of a controller; a process that holds credentials per controller gives each its own. */
  readonly client: Client | ((controller: ControllerDefinition) => Client)
  /** Started by the caller, before or after. */
  readonly informers: Informers
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
  readonly metrics?: ((controller: ControllerDefinition) => WorkQueueMetrics) | undefined
}

/**
 * Runs control loops until `signal` aborts, then waits for the reconciliations under way. Each gets a work queue and an
 * event recorder of its own; a mistake in one disturbs no other.
 */
export async function runControllers(options: RunControllersOptions): Promise<void> {
  const loops = options.controllers.map((definition) => new ControlLoop(definition, options))
  const stop = () => loops.forEach((loop) => loop.stop())
  if (options.signal.aborted) stop()
  else options.signal.addEventListener("abort", stop, { once: true })
  await orAborted(options.informers.synced(), options.signal)
  await Promise.all(loops.map((loop) => loop.run()))
}

/** How long a key waits for its own writes to come back before it goes on without them. Upstream's expectations' time. */
const writesVisibleWithinMs = 300_000

class ControlLoop {
  readonly #definition: ControllerDefinition
  readonly #options: RunControllersOptions
  readonly #client: Client
  readonly #queue: WorkQueue
  readonly #events: EventRecorder
  readonly #log: Logger

  constructor(definition: ControllerDefinition, options: RunControllersOptions) {
    const { clock, client, informers, log } = options
    this.#definition = definition
    this.#options = options
    this.#log = log.named(definition.name)
    this.#client = typeof client === "function" ? client(definition) : client
    const metrics = options.metrics?.(definition)
    const { restMs = 0, backoff } = definition
    this.#queue = new WorkQueue({
      clock,
      restMs,
      ...(backoff && { initialBackoffMs: backoff.initialMs, maxBackoffMs: backoff.maxMs }),
      ...(metrics && { metrics }),
    })
    this.#events = createEventRecorder({
      ...options,
      client: this.#client,
      component: definition.eventSource ?? definition.name,
      log: this.#log,
    })
    for (const source of definition.watches) this.#subscribe(source, informers)
    definition.attach?.((key) => this.#queue.add(formatKey(key)), { ...options, log: this.#log })
  }

  /** Reconciliations under way come to their end; no other begins. */
  stop(): void {
    this.#queue.close()
  }

  async run(): Promise<void> {
    const workers = Array.from({ length: this.#definition.workers ?? 5 }, () => this.#work())
    await Promise.all(workers)
  }

  #subscribe(source: WatchSource, informers: Informers): void {
    for (const [name, of] of Object.entries(source.indexes ?? {}))
      informers.addIndex(source.resource, name, of)
    const enqueue = (object: KubeObject | undefined) => {
      if (!object) return
      for (const key of source.keys(object, informers.cache)) this.#queue.add(formatKey(key))
    }
    informers.onChange(source.resource, (current, previous) => {
      if (current && previous && source.ignores?.(current, previous)) return
      enqueue(current)
      enqueue(previous)
    })
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      const writes = new TrackedWrites(this.#client, this.#options.informers)
      await this.#reconcile(key, writes)
      // The key stays taken until the cache shows its writes; the worker goes on with other keys.
      if (writes.visible) this.#queue.done(key)
      else void this.#whenVisible(key, writes)
    }
  }

  async #reconcile(key: string, writes: TrackedWrites): Promise<void> {
    const { informers, clock, random, signal } = this.#options
    try {
      const result = await this.#definition.reconcile(parseKey(key), {
        client: writes.client,
        cache: informers.cache,
        clock,
        random,
        log: this.#log,
        events: this.#events,
        signal,
      })
      this.#succeeded(key, result)
    } catch (error) {
      if (!signal.aborted) this.#failed(key, error)
    }
  }

  #succeeded(key: string, result: Result): void {
    this.#queue.forget(key)
    // What is left to do is what this run says, not what an earlier one said.
    if ("requeueAfterMs" in result) this.#queue.addAfter(key, result.requeueAfterMs)
    else this.#queue.cancelDelay(key)
  }

  #failed(key: string, error: unknown): void {
    if (error instanceof TerminalError) {
      this.#queue.forget(key)
      this.#log.error("gave up until the object changes", { key, error })
      return
    }
    const retryInMs = this.#queue.retry(key)
    // A conflict says that the cache was behind, and a namespace that goes takes its objects along: a day's work.
    if (isStatusError(error, "Conflict") || isNamespaceTerminating(error))
      this.#log.debug("to be tried again", { key, retryInMs, error })
    else this.#log.error("reconcile failed", { key, retryInMs, error })
  }

  async #whenVisible(key: string, writes: TrackedWrites): Promise<void> {
    const settled = new AbortController()
    const limit = sleep(this.#options.clock, writesVisibleWithinMs, settled.signal)
    await Promise.race([writes.becameVisible(), limit])
    settled.abort()
    if (!writes.visible)
      this.#log.warn("the cache does not show own writes", { key, writes: writes.describe() })
    this.#queue.done(key)
  }
}
