/**
 * How etcd lays its state out in buckets: `key` has every version under its revision (main, "_", sub, and "t" if it is a
 * deletion), `lease` the leases, `meta` how far it was compacted.
 * https://github.com/etcd-io/etcd/tree/main/server/storage/schema
 */
import { bigInteger, integer, message } from "../../base/protobuf.ts"
import { KeyValueMessage } from "../grpc/kv-messages.ts"
import type { State } from "../mvcc/state.ts"
import type { KeyValue, StoreEvent } from "../store.ts"
import type { Entry } from "./bolt-format.ts"
import { type BoltReader, DamagedSnapshotError } from "./bolt-reader.ts"
import type { BoltBucket } from "./bolt-writer.ts"

interface LeaseRecord {
  id: bigint
  ttl: number
}
const LeaseRecord = message<LeaseRecord>({ id: [1, bigInteger], ttl: [2, integer] })

const compactionKeys = ["scheduledCompactRev", "finishedCompactRev"]
/** Buckets that etcd expects to find, though nothing of a single store belongs in them. */
const emptyBuckets = ["alarm", "auth", "authRoles", "authUsers", "cluster", "members", "members_removed"]

/** @param state must not change while the buckets are read */
export function bucketsOf(state: State): readonly BoltBucket[] {
  return [
    { name: "key", entries: () => keyEntries(state) },
    { name: "lease", entries: () => leaseEntries(state) },
    { name: "meta", entries: () => metaEntries(state) },
    ...emptyBuckets.map((name) => ({ name, entries: () => [] })),
  ]
}

function* keyEntries(state: State): Generator<Entry> {
  const { compactRevision, revision } = state
  let last = 0
  let sub = 0
  const entry = (kv: KeyValue, deleted: boolean): Entry => {
    sub = kv.modRevision === last ? sub + 1 : 0
    last = kv.modRevision
    const message = deleted ? { ...noKeyValue, key: kv.key } : kv
    return [revisionKey(last, sub, deleted), KeyValueMessage.encode(message)]
  }
  for (const kv of keysAt(state, compactRevision)) yield entry(kv, false)
  // The compacted revision's puts are among the keys; only what it deleted is still to be told.
  for (const event of eventsOf(state, compactRevision, compactRevision))
    if (event.type === "delete") yield entry(event.kv, true)
  for (const { type, kv } of eventsOf(state, compactRevision + 1, revision))
    yield entry(kv, type === "delete")
  // etcd takes its revision from the last version it finds, so there has to be one.
  if (last < revision && revision > 1) yield entry({ ...noKeyValue, key: "\0", modRevision: revision }, true)
}

const noKeyValue: KeyValue = {
  key: "",
  value: new Uint8Array(0),
  createRevision: 0,
  modRevision: 0,
  version: 0,
  lease: 0n,
}

function keysAt(state: State, revision: number): readonly KeyValue[] {
  const keys: KeyValue[] = []
  if (revision > 0) state.scan("", "\u0100", revision, (kv) => keys.push(kv) > 0)
  return keys.sort((a, b) => a.modRevision - b.modRevision)
}

function* eventsOf(state: State, from: number, to: number): Generator<StoreEvent> {
  for (let start = from; start <= to; ) {
    const batch: StoreEvent[] = []
    let next = to + 1
    state.events(start, to, (events, revision) => {
      for (const event of events) batch.push(event)
      next = revision + 1
      return batch.length < 1000
    })
    yield* batch
    start = next
  }
}

function* leaseEntries(state: State): Generator<Entry> {
  for (const id of state.leases.ids())
    yield [bigEndian(id), LeaseRecord.encode({ id, ttl: state.leases.get(id).ttlSeconds })]
}

function* metaEntries({ compactRevision }: State): Generator<Entry> {
  yield [Buffer.from("consistent_index"), bigEndian(0n)]
  if (compactRevision === 0) return
  const value = revisionKey(compactRevision, 0, false)
  for (const key of compactionKeys.toSorted()) yield [Buffer.from(key), value]
}

/**
 * Fills an empty state from a database of etcd's.
 *
 * @param nowMs on the monotonic scale by which the leases will end
 */
export function readBuckets(reader: BoltReader, state: State, nowMs: number): void {
  const compactRevision = readCompaction(reader)
  const loader = new Loader(state, compactRevision)
  for (const [key, value] of reader.entries("key")) loader.version(key, value)
  loader.finish()
  for (const [, value] of reader.entries("lease")) {
    const { id, ttl } = LeaseRecord.decode(value)
    state.leases.set({ id, ttlSeconds: ttl, expiresAtMs: nowMs + ttl * 1000 })
  }
}

function readCompaction(reader: BoltReader): number {
  let revision = 0
  for (const [key, value] of reader.entries("meta"))
    if (compactionKeys.includes(Buffer.from(key).toString("latin1")))
      revision = Math.max(revision, parseRevisionKey(value).revision)
  return revision
}

class Loader {
  readonly #state: State
  readonly #compactRevision: number
  /** What there is as of the compacted revision, as far as it has been read. */
  readonly #base = new Map<string, KeyValue>()
  #started = false
  #pending: StoreEvent[] = []
  #pendingRevision = 0

  constructor(state: State, compactRevision: number) {
    this.#state = state
    this.#compactRevision = compactRevision
  }

  version(key: Uint8Array, value: Uint8Array): void {
    const { revision, deleted } = parseRevisionKey(key)
    const kv = KeyValueMessage.decode(value)
    const event: StoreEvent = deleted
      ? { type: "delete", kv: { ...noKeyValue, key: kv.key, modRevision: revision } }
      : { type: "put", kv }
    if (!deleted && kv.modRevision !== revision)
      throw new DamagedSnapshotError(`a version of revision ${kv.modRevision} stands under ${revision}`)
    if (revision !== this.#pendingRevision) this.#flush()
    this.#pendingRevision = revision
    this.#pending.push(event)
  }

  finish(): void {
    this.#flush()
    this.#start()
  }

  #flush(): void {
    const [revision, events] = [this.#pendingRevision, this.#pending]
    this.#pending = []
    if (events.length === 0) return
    if (revision <= this.#compactRevision) {
      for (const { type, kv } of events)
        if (type === "put") this.#base.set(kv.key, kv)
        else this.#base.delete(kv.key)
      if (revision === this.#compactRevision) {
        this.#start()
        this.#state.remember(events)
      }
      return
    }
    this.#start()
    if (revision !== this.#state.revision + 1)
      throw new DamagedSnapshotError(`revision ${this.#state.revision + 1} is missing`)
    for (const event of events) this.#state.apply(event)
    this.#state.commit(events)
  }

  #start(): void {
    if (this.#started) return
    this.#started = true
    if (this.#compactRevision > 0) this.#state.startAt(this.#compactRevision)
    for (const kv of this.#base.values()) this.#state.restore(kv)
    this.#base.clear()
  }
}

function revisionKey(revision: number, sub: number, deleted: boolean): Buffer {
  const key = Buffer.alloc(deleted ? 18 : 17)
  key.writeBigUInt64BE(BigInt(revision), 0)
  key.write("_", 8, "latin1")
  key.writeBigUInt64BE(BigInt(sub), 9)
  if (deleted) key.write("t", 17, "latin1")
  return key
}

function parseRevisionKey(bytes: Uint8Array): { revision: number; deleted: boolean } {
  if (bytes.length < 17) throw new DamagedSnapshotError("a version's key is too short")
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return { revision: Number(key.readBigUInt64BE(0)), deleted: key.length > 17 }
}

function bigEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
