import { CompactedError, prefixEnd, type Store, type StoreEvent } from "../../etcd/store.ts"
import { CacheEvent } from "./cache-event.ts"
import type { ResourceCache } from "./resource-cache.ts"
import { type StorageDecoder, StoredObject } from "./stored-object.ts"

/** Changes that the cache has forgotten and the store has not. */
export interface PastChanges {
  readonly events: readonly CacheEvent[]
  /** Every change up to here is among them. */
  readonly through: number
}

/** A client that missed more than this reads everything anew more cheaply. */
const maxEvents = 5000

/**
 * The changes after `revision` up to where the cache's own memory begins. Undefined when the store has forgotten some of
 * them, or they are too many.
 */
export async function readPastChanges(
  { store, cache, decoder }: { store: Store; cache: ResourceCache; decoder: StorageDecoder },
  revision: number,
  signal: AbortSignal,
): Promise<PastChanges | undefined> {
  const { prefix } = cache
  const range = { key: prefix, rangeEnd: prefixEnd(prefix), startRevision: revision + 1 }
  const watch = store.watch({ ...range, previous: true, signal })
  const events: CacheEvent[] = []
  try {
    await watch.requestProgress()
    for await (const batch of watch) {
      for (const event of batch.events) events.push(toCacheEvent(event, prefix, decoder))
      if (events.length > maxEvents) return undefined
      if (batch.revision >= cache.oldestRevision) return { events, through: batch.revision }
    }
    return undefined
  } catch (error) {
    if (error instanceof CompactedError) return undefined
    throw error
  } finally {
    watch.close()
  }
}

function toCacheEvent(
  { type, kv, previous }: StoreEvent,
  prefix: string,
  decoder: StorageDecoder,
): CacheEvent {
  const key = kv.key.slice(prefix.length)
  const before = previous && new StoredObject(decoder, key, previous.modRevision, previous.value)
  const after = type === "put" ? new StoredObject(decoder, key, kv.modRevision, kv.value) : undefined
  return new CacheEvent(kv.modRevision, after, before)
}
