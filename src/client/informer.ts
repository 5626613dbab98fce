import type { Clock } from "../base/clock.ts"
import { sleep } from "../base/clock.ts"
import { Heap } from "../base/heap.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { formatKey, type KubeObject, keyOf, type ObjectKey } from "../apimachinery/meta.ts"
import { groupResource, type Resource } from "../apimachinery/resource.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import { Backoff } from "./backoff.ts"
import type { Client, WatchEvent } from "./client.ts"
import { IndexedObjects } from "./indexed-objects.ts"

/** Called for every change in the order of the server; one of the two is undefined for a creation or a deletion. */
export type ChangeHandler<T> = (current: T | undefined, previous: T | undefined) => void

/** Restricts what an informer asks for: a kubelet wants the pods of its node alone. */
export interface InformerScope {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface InformerOptions<T extends KubeObject> {
  readonly resource: Resource<T>
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly scope?: InformerScope
}

/**
 * A copy of one collection that follows the server. It asks for everything once (as a stream, KEP-3157, or as a list
 * where the server has no such stream), then watches; a watch that breaks is resumed where it stopped, and only when the
 * server has forgotten that far back ("410 Gone") is everything asked for again and the difference told as changes.
 *
 * Invariant: `objects` is the collection as it was at `revision`; handlers have been told everything up to there.
 */
export class Informer<T extends KubeObject> {
  readonly objects = new IndexedObjects<T>()
  readonly #options: InformerOptions<T>
  readonly #handlers = new Set<ChangeHandler<T>>()
  readonly #reached = new Heap<{ revision: number; resolve: () => void }>((a, b) => a.revision - b.revision)
  readonly #forgotten = new Map<string, Set<() => void>>()
  readonly #backoff: Backoff
  #resourceVersion = ""
  #revision = -1
  #streamsInitialEvents = true
  #resolveSynced: () => void = () => {}
  /** Resolves once the whole collection is here. */
  readonly synced: Promise<void>

  constructor(options: InformerOptions<T>) {
    this.#options = options
    this.#backoff = new Backoff({ initialMs: 800, maxMs: 30_000, jitter: 1, random: options.random })
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve
    })
  }

  get hasSynced(): boolean {
    return this.#revision >= 0
  }

  /** Before `run`: there is nothing to wait for yet. */
  takeAsEmpty(): void {
    this.#resolveSynced()
  }

  /** A handler that comes late is told of everything that is already here. Gives a function that removes it. */
  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler)
    for (const object of this.objects.values()) this.#tell(handler, object, undefined)
    return () => this.#handlers.delete(handler)
  }

  /** True when every change up to this resource version is here. */
  hasReached(resourceVersion: string): boolean {
    return !(Number(resourceVersion) > this.#revision)
  }

  /** Resolves when every change up to this resource version is here. */
  reached(resourceVersion: string): Promise<void> {
    if (this.hasReached(resourceVersion)) return Promise.resolve()
    return new Promise((resolve) => this.#reached.push({ revision: Number(resourceVersion), resolve }))
  }

  /** Resolves when the object with this key, if any, is another one than that with `uid`. */
  async forgotten(key: ObjectKey, uid: string): Promise<void> {
    const text = formatKey(key)
    while (this.objects.find(key)?.metadata.uid === uid) {
      await new Promise<void>((resolve) => {
        const waiting = this.#forgotten.get(text) ?? new Set()
        this.#forgotten.set(text, waiting.add(resolve))
      })
    }
  }

  /** Follows the server until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        if (isStatusError(error, "Expired", "Gone")) this.#resourceVersion = ""
        // A watch may end; who may not read, say, will not be served by trying again.
        const text =
          isStatusError(error) && !isStatusError(error, "Expired", "Gone") ? "cannot be followed" : undefined
        if (text) log.warn(text, { resource: this.#name, error })
        else log.debug("watch ended", { resource: this.#name, error })
        await sleep(clock, this.#backoff.nextMs(), signal)
      }
    }
  }

  /** One connection: from the first request to the end of its watch. */
  async #follow(signal: AbortSignal): Promise<void> {
    const fromNothing = this.#resourceVersion === ""
    if (fromNothing && this.#streamsInitialEvents) {
      try {
        return await this.#streamAll(signal)
      } catch (error) {
        const hasAll = this.#resourceVersion !== ""
        if (hasAll || !isStatusError(error) || isStatusError(error, "Expired", "Gone")) throw error
        // A list may do where a stream does not: servers refuse streams for many reasons, an old etcd among them.
        if (isStatusError(error, "Invalid", "BadRequest")) this.#streamsInitialEvents = false
      }
    }
    if (fromNothing) await this.#listAll(signal)
    await this.#resume(signal)
  }

  /** The whole collection as events, a bookmark that ends them, then changes: all in one watch. */
  async #streamAll(signal: AbortSignal): Promise<void> {
    const events = await this.#watch(
      { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" },
      signal,
    )
    let initial: Map<string, T> | undefined = new Map()
    for await (const event of events) {
      if (!initial) this.#apply(event)
      else if (endsInitialEvents(event)) {
        this.#replaceAll(Array.from(initial.values()), event.object.metadata.resourceVersion)
        initial = undefined
      } else if (event.type === "DELETED") initial.delete(formatKey(keyOf(event.object)))
      else if (event.type !== "BOOKMARK") initial.set(formatKey(keyOf(event.object)), event.object)
    }
    if (initial) throw new Error("the watch ended before all initial events had come")
  }

  async #listAll(signal: AbortSignal): Promise<void> {
    const { client, resource, scope } = this.#options
    const list = await client.list(resource, { ...scope, signal })
    this.#replaceAll(list.items, list.metadata.resourceVersion)
  }

  async #resume(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const startedMs = clock.monotonic()
    let count = 0
    for await (const event of await this.#watch({ resourceVersion: this.#resourceVersion }, signal)) {
      this.#apply(event)
      if (count++ === 0) this.#backoff.reset()
    }
    // A server that ends watches at once would be asked again at once, for ever.
    if (count === 0 && clock.monotonic() - startedMs < 1000)
      throw new Error("the watch lasted less than a second and brought nothing")
  }

  #watch(options: object, signal: AbortSignal): Promise<AsyncIterable<WatchEvent<T>>> {
    const { client, resource, scope, random } = this.#options
    // Between 5 and 10 minutes, so that a connection that died silently is noticed, and not all at the same time.
    const timeoutSeconds = Math.floor(300 * (1 + random.next()))
    return client.watch(resource, { ...scope, ...options, allowBookmarks: true, timeoutSeconds, signal })
  }

  #apply(event: WatchEvent<T>): void {
    const { object, type } = event
    if (type === "DELETED") {
      const previous = this.objects.delete(keyOf(object))
      if (previous) this.#changed(undefined, previous)
    } else if (type !== "BOOKMARK") {
      this.#changed(object, this.objects.set(object))
    }
    this.#advance(object.metadata.resourceVersion)
  }

  #replaceAll(items: readonly T[], resourceVersion: string): void {
    const kept = new Set(items.map((item) => formatKey(keyOf(item))))
    for (const object of this.objects.list()) {
      if (kept.has(formatKey(keyOf(object)))) continue
      this.objects.delete(keyOf(object))
      this.#changed(undefined, object)
    }
    for (const item of items) {
      const previous = this.objects.set(item)
      if (previous?.metadata.resourceVersion !== item.metadata.resourceVersion) this.#changed(item, previous)
    }
    this.#backoff.reset()
    this.#advance(resourceVersion)
    this.#resolveSynced()
  }

  #advance(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion
    const revision = Number(resourceVersion)
    if (!(revision > this.#revision)) return
    this.#revision = revision
    while (this.#reached.size > 0 && this.#reached.peek()!.revision <= revision)
      this.#reached.pop()!.resolve()
  }

  #changed(current: T | undefined, previous: T | undefined): void {
    for (const handler of this.#handlers) this.#tell(handler, current, previous)
    if (this.#forgotten.size > 0 && previous) this.#wakeForgotten(formatKey(keyOf(previous)))
  }

  #wakeForgotten(key: string): void {
    const waiting = this.#forgotten.get(key)
    this.#forgotten.delete(key)
    for (const resolve of waiting ?? []) resolve()
  }

  /** One handler's mistake must not stop the others, nor the watch. */
  #tell(handler: ChangeHandler<T>, current: T | undefined, previous: T | undefined): void {
    try {
      handler(current, previous)
    } catch (error) {
      this.#options.log.error("change handler failed", { resource: this.#name, error })
    }
  }

  get #name(): string {
    return groupResource(this.#options.resource)
  }
}

function endsInitialEvents(event: WatchEvent<KubeObject>): boolean {
  return (
    event.type === "BOOKMARK" && event.object.metadata.annotations?.["k8s.io/initial-events-end"] === "true"
  )
}
