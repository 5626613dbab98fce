/**
 * A store's whole content at once: what every key is and was (KeyIndex), what happened in which revision (the log, from
 * which watches read), and the leases. Synchronous and without a clock: whoever owns it decides when a change becomes
 * visible and durable. The model is etcd's: https://etcd.io/docs/v3.5/learning/data_model/
 */
import { compareNumbers, type SortedMap, sortedMap } from "../../base/sorted-map.ts"
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  keyInterval,
  type RangeRequest,
  type RangeResponse,
  type StoreEvent,
} from "../store.ts"
import { KeyIndex } from "./key-index.ts"
import { LeaseTable } from "./lease-table.ts"

export class State {
  readonly leases: LeaseTable
  readonly #index: KeyIndex
  /** What happened in each revision, from the compacted one on. */
  readonly #log: SortedMap<number, readonly StoreEvent[]>
  #revision: number
  #compactRevision: number
  /** Out of space: raised when a put did not fit any more, and stays until somebody disarms it. */
  alarm: boolean

  constructor(copied?: State) {
    this.leases = copied ? copied.leases.clone() : new LeaseTable()
    this.#index = copied ? copied.#index.clone() : new KeyIndex()
    this.#log = copied ? copied.#log.clone() : sortedMap(compareNumbers)
    this.#revision = copied ? copied.#revision : 1
    this.#compactRevision = copied ? copied.#compactRevision : 0
    this.alarm = copied ? copied.alarm : false
  }

  /** A copy in constant time: the two share what neither has changed since. */
  fork(): State {
    return new State(this)
  }

  /** The newest revision; 1 is the empty store, before any write. */
  get revision(): number {
    return this.#revision
  }

  /** The oldest revision that can be read; 0: nothing was ever compacted. */
  get compactRevision(): number {
    return this.#compactRevision
  }

  /** What all versions that are kept hold, roughly what they cost in memory. */
  get sizeBytes(): number {
    return this.#index.sizeBytes
  }

  /** Keys held, deleted ones that are not pruned yet included. */
  get keyCount(): number {
    return this.#index.size
  }

  find(key: string, revision = Number.MAX_SAFE_INTEGER): KeyValue | undefined {
    return this.#index.findAt(key, revision)
  }

  /** @param newest the revision that counts as newest for this reader */
  range(request: RangeRequest, newest: number): RangeResponse {
    const revision = this.readableRevision(request.revision, newest)
    const { low, high } = keyInterval(request.key, request.rangeEnd)
    const limit = request.limit || Number.POSITIVE_INFINITY
    const kvs: KeyValue[] = []
    let count = 0
    if (request.rangeEnd) {
      this.#index.scan(low, high, revision, (kv) => {
        if (count++ < limit && !request.countOnly) kvs.push(request.keysOnly ? withoutValue(kv) : kv)
        return true
      })
    } else {
      const kv = this.#index.findAt(request.key, revision)
      if (kv !== undefined) count = 1
      if (kv !== undefined && !request.countOnly) kvs.push(request.keysOnly ? withoutValue(kv) : kv)
    }
    return { revision: newest, kvs, more: !request.countOnly && count > kvs.length, count }
  }

  /** Which revision a read as of `revision` (none: the newest) reads; throws where there is no such revision (any more). */
  readableRevision(revision: number | undefined, newest: number): number {
    if (revision === undefined || revision <= 0) return newest
    if (revision > newest) throw new FutureRevisionError()
    if (revision < this.#compactRevision) throw new CompactedError(this.#compactRevision)
    return revision
  }

  /** Every key in [low, high) as of `revision`, in order. */
  scan(low: string, high: string, revision: number, visit: (kv: KeyValue) => boolean): void {
    this.#index.scan(low, high, revision, visit)
  }

  /**
   * Applies one event of the revision after the newest, so that later reads of the same transaction see it. `commit` must
   * follow before anything else happens.
   */
  apply(event: StoreEvent): void {
    const { key, lease } = event.kv
    const before = this.#index.findAt(key, Number.MAX_SAFE_INTEGER)
    this.#index.record(event)
    if (before !== undefined && before.lease !== 0n && before.lease !== lease)
      this.leases.detach(before.lease, key)
    if (lease !== 0n) this.leases.attach(lease, key)
  }

  /** Makes the applied events the new revision. */
  commit(events: readonly StoreEvent[]): void {
    this.#revision++
    this.#log.set(this.#revision, events)
  }

  /** What happened in revisions [from, to], in order, as long as `visit` returns true. */
  events(
    from: number,
    to: number,
    visit: (events: readonly StoreEvent[], revision: number) => boolean,
  ): void {
    this.#log.forRange(from, to, true, (revision, events) => {
      return (visit(events, revision) ? undefined : stop) as void
    })
  }

  /** The key's state before `event`, unless that has been compacted. */
  before(event: StoreEvent): KeyValue | undefined {
    const revision = event.kv.modRevision - 1
    return revision < this.#compactRevision ? undefined : this.#index.findAt(event.kv.key, revision)
  }

  /** Starts an empty state at a revision of which `restore` then tells every key. */
  startAt(revision: number): void {
    this.#revision = revision
    this.#compactRevision = revision
  }

  /** Adds a key as it was at the revision given to `startAt`. */
  restore(kv: KeyValue): void {
    this.#index.record({ type: "put", kv })
    if (kv.lease !== 0n) this.leases.attach(kv.lease, kv.key)
  }

  /** Adds what happened in the revision given to `startAt`: a watch may start there. */
  remember(events: readonly StoreEvent[]): void {
    this.#log.set(this.#revision, events)
  }

  /** Refuses reads before `revision` from now on; `prune` gives the memory back. */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) throw new CompactedError(this.#compactRevision)
    if (revision > this.#revision) throw new FutureRevisionError()
    this.#compactRevision = revision
  }

  /**
   * Forgets what compaction has put out of reach, at most `limit` revisions' worth. What happened in the compacted revision
   * itself stays in the log: a watch may start there.
   *
   * @returns whether there is more to forget
   */
  prune(limit: number): boolean {
    const done: number[] = []
    this.#log.forRange(0, this.#compactRevision, true, (revision, events) => {
      if (done.length >= limit) return stop as unknown as void
      for (const event of events) this.#index.prune(event.kv.key, this.#compactRevision)
      if (revision < this.#compactRevision) done.push(revision)
    })
    for (const revision of done) this.#log.delete(revision)
    return done.length >= limit
  }
}

const stop = { break: 0 }
const noBytes = new Uint8Array(0)

function withoutValue(kv: KeyValue): KeyValue {
  return { ...kv, value: noBytes }
}
