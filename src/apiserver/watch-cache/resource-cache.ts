import type { Clock } from "../../base/clock.ts"
import { CacheEvent } from "./cache-event.ts"
import { EventWindow } from "./event-window.ts"
import type { PastChanges } from "./read-past-changes.ts"
import { SortedObjects } from "./sorted-objects.ts"
import { namespaceOfKey, StoredObject, type StorageDecoder } from "./stored-object.ts"
import { isInScope, matches, project, type WatchedChange, Watcher, type WatchScope } from "./watcher.ts"
import { WatcherIndex } from "./watcher-index.ts"

export interface ResourceCacheOptions {
  /** The store's prefix with slashes at both ends: "/registry/pods/". */
  readonly prefix: string
  readonly decoder: StorageDecoder
  readonly clock: Clock
  /** The field by which many watch (a pod's node). */
  readonly indexedValue?: (stored: StoredObject) => string
}

/** Something of the server itself that keeps an index over the objects. */
export interface CacheFollower {
  put(stored: StoredObject): void
  remove(stored: StoredObject): void
}

/** Every object of one resource, in all its served versions, and its latest changes. Fed by the mirror alone. */
export class ResourceCache {
  readonly prefix: string
  readonly #decoder: StorageDecoder
  readonly #objects = new Map<string, StoredObject>()
  readonly #namespaces = new Map<string, SortedObjects>()
  readonly #window: EventWindow
  readonly #watchers: WatcherIndex
  readonly #followers: CacheFollower[] = []
  #newestRevision = 0
  #bytes = 0

  constructor(options: ResourceCacheOptions) {
    this.prefix = options.prefix
    this.#decoder = options.decoder
    this.#window = new EventWindow(options.clock, 0)
    this.#watchers = new WatcherIndex(options.indexedValue)
  }

  /** Changes that came from the store, and how often one was offered to a watch. */
  received = 0
  get dispatched(): number {
    return this.#watchers.offered
  }

  get newestRevision(): number {
    return this.#newestRevision
  }

  get windowSize(): number {
    return this.#window.size
  }

  get size(): number {
    return this.#objects.size
  }

  /** Of all objects, as the store has them. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many watches are told of every change within a namespace, or of this one object. */
  watchersOf(namespace: string, name: string): number {
    return this.#watchers.count(namespace, name)
  }

  find(key: string): StoredObject | undefined {
    return this.#objects.get(key)
  }

  /** In order of their keys as the store orders them; the array never changes. */
  list(namespace?: string): readonly StoredObject[] {
    if (namespace !== undefined) return this.#namespaces.get(namespace)?.snapshot() ?? []
    if (this.#namespaces.size === 1) return [...this.#namespaces.values()][0]!.snapshot()
    // As in the store, where the slash after the namespace takes part in the order: "a-b/" comes before "a/".
    const namespaces = [...this.#namespaces.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1))
    return namespaces.flatMap((name) => this.#namespaces.get(name)!.snapshot())
  }

  /**
   * The changes after `revision` and from then on. Undefined when some of them are forgotten.
   *
   * @param past those that are only in the store
   */
  watchFrom(
    revision: number,
    scope: WatchScope,
    wantsBookmarks: boolean,
    past?: PastChanges,
  ): Watcher | undefined {
    const missed = this.#window.since(past?.through ?? revision)
    if (missed === undefined) return undefined
    const watcher = this.#addWatcher(scope, revision, wantsBookmarks)
    // It begins with them, however many: it has not been too slow to take them.
    const events = [...(past?.events ?? []), ...missed]
    watcher.start(events.flatMap((event) => project(event, scope) ?? []))
    return watcher
  }

  /** The present state as ADDED, then the changes from then on. `revision` is the mirror's. */
  watchFromNow(
    revision: number,
    scope: WatchScope,
    wantsBookmarks: boolean,
    endInitialEvents: boolean,
  ): Watcher {
    const watcher = this.#addWatcher(scope, revision, wantsBookmarks)
    const initial: WatchedChange[] = []
    for (const stored of this.#inScope(scope)) initial.push({ type: "ADDED", stored })
    if (endInitialEvents) initial.push({ type: "BOOKMARK", revision, initialEventsEnd: true })
    watcher.start(initial)
    return watcher
  }

  /** Changes after this revision can be told. */
  get oldestRevision(): number {
    return this.#window.startRevision
  }

  /** Tells `follower` of every object there is and of every change from now on, at once and in order. */
  follow(follower: CacheFollower): void {
    this.#followers.push(follower)
    for (const stored of this.#objects.values()) follower.put(stored)
  }

  // What the mirror calls.

  load(key: string, revision: number, bytes: Uint8Array): void {
    const stored = new StoredObject(this.#decoder, key, revision, bytes)
    this.#put(stored)
    for (const follower of this.#followers) follower.put(stored)
  }

  /** `bytes` undefined: the object was deleted. */
  apply(key: string, revision: number, bytes: Uint8Array | undefined): void {
    const previous = this.#objects.get(key)
    const current = bytes && new StoredObject(this.#decoder, key, revision, bytes)
    if (current) this.#put(current)
    else this.#delete(key)
    if (!current && !previous) return
    for (const follower of this.#followers) {
      if (current) follower.put(current)
      else if (previous) follower.remove(previous)
    }
    this.received++
    this.#newestRevision = revision
    const event = new CacheEvent(revision, current, previous)
    this.#window.push(event)
    this.#watchers.offer(event)
  }

  /** Forgets everything, to be loaded again; watches end, since what they missed cannot be told. */
  reset(revision: number): void {
    this.#newestRevision = revision
    for (const watcher of this.#watchers) watcher.end("reset")
    for (const follower of this.#followers)
      for (const stored of this.#objects.values()) follower.remove(stored)
    this.#bytes = 0
    this.#objects.clear()
    this.#namespaces.clear()
    this.#window.reset(revision)
  }

  bookmark(revision: number): void {
    for (const watcher of this.#watchers) if (watcher.wantsBookmarks) watcher.bookmark(revision)
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.end("closed")
  }

  #addWatcher(scope: WatchScope, after: number, wantsBookmarks: boolean): Watcher {
    const watcher = new Watcher(scope, after, wantsBookmarks)
    watcher.onEnd(() => this.#watchers.remove(watcher))
    this.#watchers.add(watcher)
    return watcher
  }

  *#inScope(scope: WatchScope): Iterable<StoredObject> {
    for (const stored of this.list(scope.namespace)) {
      if (isInScope(stored.key, scope) && matches(stored, scope)) yield stored
    }
  }

  #put(stored: StoredObject): void {
    const namespace = namespaceOfKey(stored.key)
    let objects = this.#namespaces.get(namespace)
    if (!objects) this.#namespaces.set(namespace, (objects = new SortedObjects()))
    objects.put(stored)
    this.#bytes += stored.bytes.length - (this.#objects.get(stored.key)?.bytes.length ?? 0)
    this.#objects.set(stored.key, stored)
  }

  #delete(key: string): void {
    const namespace = namespaceOfKey(key)
    const objects = this.#namespaces.get(namespace)
    objects?.delete(key)
    if (objects?.size === 0) this.#namespaces.delete(namespace)
    this.#bytes -= this.#objects.get(key)?.bytes.length ?? 0
    this.#objects.delete(key)
  }
}
