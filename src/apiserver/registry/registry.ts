import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { unexplained } from "../../apimachinery/status-errors.ts"
import {
  type Compare,
  type KeyValue,
  NoSpaceError,
  type Operation,
  RequestTooLargeError,
  type Store,
} from "../../etcd/store.ts"
import { EncryptingStore } from "../encryption-at-rest/encrypting-store.ts"
import type { Mirror } from "../watch-cache/mirror.ts"
import type { ResourceCache } from "../watch-cache/resource-cache.ts"
import { type PastChanges, readPastChanges } from "../watch-cache/read-past-changes.ts"
import { StoredObject } from "../watch-cache/stored-object.ts"
import type { StorageCodec } from "./storage-codec.ts"
import type { StoreOperation } from "../metrics/storage-metrics.ts"
import type { EventLeases } from "./event-leases.ts"

/** What a writer decided, having seen the present state. */
export type Change =
  | { readonly kind: "put"; readonly object: KubeObject; readonly alongside?: Alongside }
  /** `last`: the state that the writer is told, where it differs from what was there. */
  | { readonly kind: "delete"; readonly last?: KubeObject; readonly alongside?: Alongside }
  /** Nothing differs: nothing is written and no version is used up. */
  | { readonly kind: "none" }

/** What is written with an object or not at all: the addresses a Service claims. */
export interface Alongside {
  readonly compare: readonly Compare[]
  readonly operations: readonly Operation[]
}

export interface ChangeOutcome {
  /** The state after the change; of a deletion the last one, at the revision of the deletion. */
  readonly stored: StoredObject
  readonly change: Change["kind"]
}

export type ObserveStore = (operation: StoreOperation) => () => void

/** Looks at the present state (undefined: no such object) and decides; asked again when another writer was faster. */
export type Decide = (current: StoredObject | undefined) => Change | Promise<Change>

export interface ChangeOptions {
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Who owns which field may be forgotten if the object is too large for the store with it. @default false */
  readonly mayLoseOwners?: boolean
}

/**
 * The objects of one resource, whatever version they are served in: reads from memory, writes by compare-and-swap.
 *
 * A writer starts from what is in memory, which is nearly always the newest state, and the store's transaction finds out.
 * Before a writer is refused because of what it saw, it is made sure that this was not stale.
 */
export class Registry {
  readonly storage: Resource
  readonly cache: ResourceCache
  /** The field by which many watch, as field selectors name it: "spec.nodeName". */
  readonly indexedField: string | undefined
  readonly #store: Store
  readonly #mirror: Mirror
  readonly #codec: StorageCodec
  readonly #leases: EventLeases | undefined
  readonly #observe: ObserveStore | undefined

  constructor(options: {
    storage: Resource
    cache: ResourceCache
    store: Store
    mirror: Mirror
    codec: StorageCodec
    indexedField?: string
    /** For objects that vanish by themselves. */
    leases?: EventLeases
    /** Told when the store is asked; what it gives back when it has answered. */
    observe?: ObserveStore
  }) {
    this.storage = options.storage
    this.cache = options.cache
    this.indexedField = options.indexedField
    this.#store = options.store
    this.#mirror = options.mirror
    this.#codec = options.codec
    this.#leases = options.leases
    this.#observe = options.observe
  }

  /** As new as anything that was written before the call, by this server or another. */
  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    await this.#mirror.fresh(signal)
    return this.cache.find(key)
  }

  /** Writing it again is worth while though nothing differs: it is kept in an old form, or with an old key. */
  isStale(stored: StoredObject): boolean {
    if (!this.isCurrent(stored)) return true
    const store = this.#store
    return store instanceof EncryptingStore && store.isStale(this.cache.prefix + stored.key, stored.bytes)
  }

  async change(key: string, decide: Decide, options: ChangeOptions = {}): Promise<ChangeOutcome> {
    let current = this.cache.find(key)
    let isCertain = false
    for (;;) {
      const decided = await settle(decide, current)
      if ("error" in decided || decided.change.kind === "none") {
        if (!isCertain) {
          isCertain = true
          const newest = await this.read(key, options.signal)
          if (newest?.revision !== current?.revision) {
            current = newest
            continue
          }
        }
        if ("error" in decided) throw decided.error
        return { stored: current!, change: "none" }
      }
      const { change } = decided
      if (options.dryRun) return { stored: this.#pretend(key, current, change), change: change.kind }
      const written = await this.#writeOrLoseOwners(key, current, change, options)
      if (written) return { stored: written, change: change.kind }
      current = await this.read(key, options.signal)
      isCertain = true
    }
  }

  /** Whether the bytes in the store are what would be written for the object now: its version, and nothing to add. */
  isCurrent({ bytes }: StoredObject): boolean {
    return this.#codec.isCurrent(bytes)
  }

  /** Creates `object` as part of another's transaction; `key` is the object's within the registry. */
  planCreate(key: string, object: KubeObject): Alongside {
    const storeKey = this.cache.prefix + key
    return {
      compare: [{ key: storeKey, target: "modRevision", is: "=", to: 0 }],
      operations: [{ op: "put", key: storeKey, value: this.#codec.encode(object) }],
    }
  }

  /** Deletes an object, if it is there, as part of another's transaction. */
  planDelete(key: string): Alongside {
    return { compare: [], operations: [{ op: "delete", key: this.cache.prefix + key }] }
  }

  async #writeOrLoseOwners(
    key: string,
    current: StoredObject | undefined,
    change: Exclude<Change, { kind: "none" }>,
    { mayLoseOwners = false }: ChangeOptions,
  ): Promise<StoredObject | undefined> {
    try {
      return await this.#write(key, current, change)
    } catch (error) {
      if (error instanceof NoSpaceError) throw unexplained(error)
      if (!(error instanceof RequestTooLargeError)) throw error
      if (!mayLoseOwners || change.kind !== "put" || !change.object.metadata.managedFields)
        throw unexplained(error)
      const { managedFields: _, ...metadata } = change.object.metadata
      return this.#writeOrLoseOwners(key, current, { ...change, object: { ...change.object, metadata } }, {})
    }
  }

  /** Undefined when another writer was faster. */
  async #write(
    key: string,
    current: StoredObject | undefined,
    change: Exclude<Change, { kind: "none" }>,
  ): Promise<StoredObject | undefined> {
    const storeKey = this.cache.prefix + key
    const bytes = change.kind === "put" ? this.#codec.encode(change.object) : undefined
    const lease = bytes && (await this.#leases?.leaseFor())
    const operation: Operation = bytes
      ? { op: "put", key: storeKey, value: bytes, ...(lease !== undefined && { lease }) }
      : { op: "delete", key: storeKey }
    const observed = this.#observe?.(bytes ? (current ? "update" : "create") : "delete")
    const { succeeded, revision } = await this.#store.txn({
      compare: [
        { key: storeKey, target: "modRevision", is: "=", to: current?.revision ?? 0 },
        ...(change.alongside?.compare ?? []),
      ],
      success: [operation, ...(change.alongside?.operations ?? [])],
    })
    observed?.()
    if (!succeeded) return undefined
    // The writer's next read, here or through another client, must see this.
    await this.#mirror.waitUntil(revision)
    if (change.kind === "delete") return this.#lastState(key, current!, change.last, revision)
    const cached = this.cache.find(key)
    return cached?.revision === revision ? cached : new StoredObject(this.#codec, key, revision, bytes!)
  }

  /** What a write would have given, without a version of its own. */
  #pretend(
    key: string,
    current: StoredObject | undefined,
    change: Exclude<Change, { kind: "none" }>,
  ): StoredObject {
    if (change.kind === "delete") return this.#lastState(key, current!, change.last, current!.revision)
    return new StoredObject(this.#codec, key, current?.revision ?? 0, this.#codec.encode(change.object))
  }

  #lastState(
    key: string,
    current: StoredObject,
    last: KubeObject | undefined,
    revision: number,
  ): StoredObject {
    if (!last || last === current.object) return current.at(revision)
    return new StoredObject(this.#codec, key, revision, this.#codec.encode(last))
  }

  /** What the cache cannot tell any more and the store still can; undefined if it cannot either. */
  pastChanges(revision: number, signal: AbortSignal): Promise<PastChanges | undefined> {
    return readPastChanges({ store: this.#store, cache: this.cache, decoder: this.#codec }, revision, signal)
  }

  /** A state as an older revision of the store had it; the cached one if that is still the present one. */
  revive({ key, modRevision, value }: KeyValue): StoredObject {
    const ownKey = key.slice(this.cache.prefix.length)
    const cached = this.cache.find(ownKey)
    return cached?.revision === modRevision
      ? cached
      : new StoredObject(this.#codec, ownKey, modRevision, value)
  }
}

async function settle(
  decide: Decide,
  current: StoredObject | undefined,
): Promise<{ change: Change } | { error: unknown }> {
  try {
    return { change: await decide(current) }
  } catch (error) {
    return { error }
  }
}
