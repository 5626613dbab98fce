import type { Clock, Timer } from "../../base/clock.ts"
import { sleep } from "../../base/clock.ts"
import { Heap } from "../../base/heap.ts"
import type { Logger } from "../../base/log.ts"
import { onAbort } from "../../base/on-abort.ts"
import { prefixEnd, type Store, type StoreEvent } from "../../etcd/store.ts"
import { ResourceCache, type ResourceCacheOptions } from "./resource-cache.ts"

/**
 * The store's contents in memory: one read of everything at the start, then one watch, whatever the number of resources.
 * Each change goes to the cache of the resource whose prefix it bears; keys of no known resource wait until a resource
 * (a CustomResourceDefinition) claims them.
 *
 * Freshness: the mirror knows how far it has come (`revision`). A read that must see everything written before it asks
 * the store for its newest revision and waits until the mirror is there; a write waits for its own revision. So reads
 * never touch the store and still never lie, also when other API servers write to it.
 */
export class Mirror {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #caches = new Map<string, ResourceCache>()
  readonly #unclaimed = new Map<string, { revision: number; bytes: Uint8Array }>()
  readonly #waiters = new Heap<Waiter>((a, b) => a.revision - b.revision)
  #revision = 0
  #bookmarks: Timer | undefined = undefined
  #requestProgress: () => Promise<void> = () => Promise.resolve()

  constructor(options: { store: Store; clock: Clock; log: Logger; signal: AbortSignal }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#log = options.log
    this.#signal = options.signal
  }

  /** Everything up to and including this revision of the store has been seen. */
  get revision(): number {
    return this.#revision
  }

  /** Reads everything and begins to follow. Resolves when reads may begin. */
  async start(): Promise<void> {
    await this.#load()
    void this.#follow()
    this.#scheduleBookmarks()
  }

  /** The cache of a resource; keys that are already there are in it. */
  addResource(options: Omit<ResourceCacheOptions, "clock">): ResourceCache {
    const cache = new ResourceCache({ ...options, clock: this.#clock })
    cache.reset(this.#revision)
    this.#caches.set(cache.prefix, cache)
    for (const [key, { revision, bytes }] of [...this.#unclaimed].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!key.startsWith(cache.prefix)) continue
      cache.load(key.slice(cache.prefix.length), revision, bytes)
      this.#unclaimed.delete(key)
    }
    return cache
  }

  /** Ends its watches; its keys are unclaimed again. */
  removeResource(prefix: string): void {
    const cache = this.#caches.get(prefix)
    if (!cache) return
    cache.close()
    this.#caches.delete(prefix)
    for (const { key, revision, bytes } of cache.list())
      this.#unclaimed.set(prefix + key, { revision, bytes })
  }

  /** A key that belongs to no resource. */
  findUnclaimed(key: string): { readonly revision: number; readonly bytes: Uint8Array } | undefined {
    return this.#unclaimed.get(key)
  }

  /** Resolves when the mirror has come to `revision`; rejects when `signal` aborts before. */
  waitUntil(revision: number, signal?: AbortSignal): Promise<void> {
    if (this.#revision >= revision) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const forget = signal && onAbort(signal, () => reject(signal.reason as Error))
      this.#waiters.push({
        revision,
        resolve: () => {
          forget?.()
          resolve()
        },
      })
      void this.#requestProgress()
    })
  }

  /** Resolves when everything that was written anywhere before this call is seen. Gives the mirror's revision. */
  async fresh(signal?: AbortSignal): Promise<number> {
    const revision = await this.#store.currentRevision()
    if (this.#revision < revision) await this.waitUntil(revision, signal)
    return this.#revision
  }

  close(): void {
    this.#bookmarks?.cancel()
    for (const cache of this.#caches.values()) cache.close()
  }

  async #load(): Promise<void> {
    const range = await this.#store.range({ key: root, rangeEnd: prefixEnd(root) })
    this.#unclaimed.clear()
    for (const cache of this.#caches.values()) cache.reset(range.revision)
    for (const { key, modRevision, value } of range.kvs) {
      const cache = this.#cacheOf(key)
      if (cache) cache.load(key.slice(cache.prefix.length), modRevision, value)
      else this.#unclaimed.set(key, { revision: modRevision, bytes: value })
    }
    this.#reach(range.revision)
  }

  /** Follows the store until the end; when the stream breaks in a way that loses history, loads everything again. */
  async #follow(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#followOnce()
        if (!this.#signal.aborted) throw new Error("the store ended the watch")
      } catch (error) {
        if (this.#signal.aborted) break
        this.#log.warn("following the store failed, reading it anew", { error: String(error) })
        await sleep(this.#clock, 1000, this.#signal)
        await this.#load().catch((failure: unknown) =>
          this.#log.warn("reading the store failed", { error: String(failure) }),
        )
      }
    }
  }

  async #followOnce(): Promise<void> {
    const watch = this.#store.watch({
      key: root,
      rangeEnd: prefixEnd(root),
      startRevision: this.#revision + 1,
      signal: this.#signal,
    })
    this.#requestProgress = () => watch.requestProgress()
    for await (const batch of watch) {
      for (const event of batch.events) this.#apply(event)
      this.#reach(batch.revision)
    }
  }

  #apply({ type, kv }: StoreEvent): void {
    const cache = this.#cacheOf(kv.key)
    const bytes = type === "put" ? kv.value : undefined
    if (cache) cache.apply(kv.key.slice(cache.prefix.length), kv.modRevision, bytes)
    else if (bytes) this.#unclaimed.set(kv.key, { revision: kv.modRevision, bytes })
    else this.#unclaimed.delete(kv.key)
  }

  /** Prefixes have one segment ("pods") or two ("services/specs", "example.com/widgets"). */
  #cacheOf(key: string): ResourceCache | undefined {
    const first = key.indexOf("/", root.length) + 1
    if (first === 0) return undefined
    const second = key.indexOf("/", first) + 1
    return (
      (second > 0 ? this.#caches.get(key.slice(0, second)) : undefined) ??
      this.#caches.get(key.slice(0, first))
    )
  }

  #reach(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
    for (
      let next = this.#waiters.peek();
      next && next.revision <= this.#revision;
      next = this.#waiters.peek()
    )
      this.#waiters.pop()!.resolve()
  }

  #scheduleBookmarks(): void {
    this.#bookmarks = this.#clock.after(bookmarkEveryMs, () => {
      for (const cache of this.#caches.values()) cache.bookmark(this.#revision)
      this.#scheduleBookmarks()
    })
  }
}

interface Waiter {
  readonly revision: number
  resolve(): void
}

const root = "/registry/"
const bookmarkEveryMs = 60_000
