/**
 * The store's contract: etcd's model (https://etcd.io/docs/v3.5/learning/data_model/). A transaction that writes makes
 * one new revision; every key remembers the revision that created and last changed it; a watch tells every change in
 * order, from any revision that has not been compacted. The backends (memory, embedded disk, real etcd) pass one suite.
 *
 * Keys are binary strings: one character per byte (latin1), so that comparing strings compares bytes. `encodeKey` turns
 * text into one.
 */
export interface Store {
  /** Reads keys in [key, rangeEnd), or just `key`. Linearizable unless `serializable`. */
  range(request: RangeRequest): Promise<RangeResponse>
  /**
   * Compares, then performs `success` or `failure` as a whole. Resolves when the outcome is durable. Any number may be
   * under way at once.
   */
  txn(request: TxnRequest): Promise<TxnResponse>
  /** Batches of events in order of revision, without gap or duplicate; all of one revision in one batch. */
  watch(request: WatchRequest): Watch
  /** Forgets history before `revision`: older reads and watches then fail with CompactedError. */
  compact(revision: number): Promise<void>
  /** The newest revision that is visible to reads. */
  currentRevision(): Promise<number>
  readonly leases: Leases
  close(): Promise<void>
}

export interface KeyValue {
  readonly key: string
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  /** 1 at creation, one more with each change. */
  readonly version: number
  /** 0n: none. */
  readonly lease: bigint
}

export interface RangeRequest {
  readonly key: string
  /** Exclusive; "\0" with key "\0" means everything. See `prefixEnd`. */
  readonly rangeEnd?: string
  readonly limit?: number
  /** As of this revision. @default the newest */
  readonly revision?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  /** May answer from a member that lags behind. @default false */
  readonly serializable?: boolean
}

export interface RangeResponse {
  /** The store's revision when it answered (not the one asked for). */
  readonly revision: number
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  /** All keys in the range, whatever the limit. */
  readonly count: number
}

/** With `rangeEnd` it must hold for every key in [key, rangeEnd). */
export type Compare = { readonly key: string; readonly rangeEnd?: string } & (
  | {
      readonly target: "modRevision" | "createRevision" | "version"
      readonly is: "=" | "!=" | "<" | ">"
      readonly to: number
    }
  | {
      readonly target: "value"
      readonly is: "=" | "!=" | "<" | ">"
      readonly to: Uint8Array
    }
  | {
      readonly target: "lease"
      readonly is: "=" | "!=" | "<" | ">"
      readonly to: bigint
    }
)

export type Operation =
  | {
      readonly op: "put"
      readonly key: string
      /** The store keeps it itself: it must not change afterwards. */
      readonly value: Uint8Array
      readonly lease?: bigint
      /** Leaves the value or the lease as it is; the key must exist. */
      readonly keep?: "value" | "lease" | "both"
    }
  | { readonly op: "delete"; readonly key: string; readonly rangeEnd?: string }
  | ({ readonly op: "range" } & RangeRequest)
  /** Part of the same transaction, and of the same revision: it compares with what was there before all of it. */
  | ({ readonly op: "txn" } & TxnRequest)

export interface TxnRequest {
  readonly compare?: readonly Compare[]
  readonly success?: readonly Operation[]
  readonly failure?: readonly Operation[]
}

export type OperationResult =
  | { readonly op: "put"; readonly previous?: KeyValue }
  | { readonly op: "delete"; readonly deleted: readonly KeyValue[] }
  | ({ readonly op: "range" } & RangeResponse)
  | ({ readonly op: "txn" } & TxnResponse)

export interface TxnResponse {
  readonly succeeded: boolean
  /** The new revision if anything was written, else the current one. */
  readonly revision: number
  readonly results: readonly OperationResult[]
}

export interface WatchRequest {
  readonly key: string
  readonly rangeEnd?: string
  /** First revision to tell. @default only what happens from now on */
  readonly startRevision?: number
  readonly previous?: boolean
  readonly signal?: AbortSignal
}

export interface StoreEvent {
  readonly type: "put" | "delete"
  /** For a delete: key and modRevision of the deletion, empty value. */
  readonly kv: KeyValue
  /** The state before, when asked for and not compacted. */
  readonly previous?: KeyValue
}

export interface WatchBatch {
  /** All events up to and including this revision have been told. */
  readonly revision: number
  /** Empty for a progress notification. */
  readonly events: readonly StoreEvent[]
}

export interface Watch extends AsyncIterable<WatchBatch> {
  /**
   * Settles when the watch is in place: no change after this is missed. Gives the store's revision at that time. A
   * start that has been compacted shows as CompactedError of the iteration, not here.
   */
  readonly started: Promise<number>
  /** Asks for a batch (maybe empty) that tells how far the watch has come, at least the newest revision of now. */
  requestProgress(): Promise<void>
  /** Ends the iteration. Ending by `signal` does the same. */
  close(): void
}

/** A lease's keys are deleted, in one revision, when it is revoked or was not kept alive for its time to live. */
export interface Leases {
  /** A time to live below the store's minimum (2 seconds) is raised to it. @default id one that is free */
  grant(ttlSeconds: number, id?: bigint): Promise<{ id: bigint; ttlSeconds: number }>
  /** LeaseNotFoundError if there is none; so do `keepAlive` and `timeToLive`. */
  revoke(id: bigint): Promise<void>
  keepAlive(id: bigint): Promise<{ ttlSeconds: number }>
  timeToLive(
    id: bigint,
  ): Promise<{ remainingSeconds: number; grantedSeconds: number; keys: readonly string[] }>
  list(): Promise<readonly bigint[]>
}

/** The revision asked for has been compacted. */
export class CompactedError extends Error {
  override readonly name = "CompactedError"
  /** The oldest revision that is left; 0 if a remote store did not tell. */
  readonly compactRevision: number
  constructor(compactRevision: number) {
    super("etcdserver: mvcc: required revision has been compacted")
    this.compactRevision = compactRevision
  }
}

/** The revision asked for lies in the future. */
export class FutureRevisionError extends Error {
  override readonly name = "FutureRevisionError"
  constructor() {
    super("etcdserver: mvcc: required revision is a future revision")
  }
}

/** The store's size quota was reached; only deletes and compaction go through until the alarm is disarmed. */
export class NoSpaceError extends Error {
  override readonly name = "NoSpaceError"
  constructor() {
    super("etcdserver: mvcc: database space exceeded")
  }
}

/** The lease does not exist (any more). */
export class LeaseNotFoundError extends Error {
  override readonly name = "LeaseNotFoundError"
  constructor() {
    super("etcdserver: requested lease not found")
  }
}

/** The request contradicts itself or the store's limits; nothing was done. The message is etcd's. */
export class InvalidRequestError extends Error {
  override readonly name = "InvalidRequestError"
}

/** More than `--max-request-bytes` of an etcd; nothing was done. */
export class RequestTooLargeError extends Error {
  override readonly name = "RequestTooLargeError"
  constructor() {
    super("etcdserver: request is too large")
  }
}

/** The store was closed, or its disk failed: nothing can be said about writes that were under way. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError"
}

/** The end of the range that holds every key starting with `prefix`. */
export function prefixEnd(prefix: string): string {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const byte = prefix.charCodeAt(index)
    if (byte < 0xff) return prefix.slice(0, index) + String.fromCharCode(byte + 1)
  }
  return "\0"
}

/** Above every key: keys have no character above \u00ff. */
const aboveEveryKey = "\u0100"

/** The half-open interval that a request names: [low, high). A missing or empty `rangeEnd` means the key alone. */
export function keyInterval(key: string, rangeEnd?: string): { low: string; high: string } {
  if (!rangeEnd) return { low: key, high: `${key}\0` }
  return { low: key, high: rangeEnd === "\0" ? aboveEveryKey : rangeEnd }
}

/** Text to a key: UTF-8, one character per byte. */
export function encodeKey(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("")
}
