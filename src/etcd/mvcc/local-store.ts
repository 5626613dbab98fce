/**
 * A store in this process: a State that transactions change at once, one after the other, and a journal (or none) that
 * makes the changes durable behind them. What is not durable is not visible: reads and watches see the newest durable
 * revision, and a transaction is answered when everything it saw is durable.
 */
import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import {
  FutureRevisionError,
  type Leases,
  NoSpaceError,
  type Operation,
  type RangeRequest,
  type RangeResponse,
  type Store,
  StoreUnavailableError,
  type TxnRequest,
  type TxnResponse,
  type Watch,
  type WatchRequest,
} from "../store.ts"
import { checkKey, checkRequestSize, checkTxnRequest, checkWatchRequest } from "./check-request.ts"
import { GroupCommit } from "./group-commit.ts"
import { hashState, type StateHash } from "./hash.ts"
import type { Journal, JournalRecord } from "./journal.ts"
import { LeaseKeeper } from "./lease-keeper.ts"
import type { State } from "./state.ts"
import { deleteKeys, runTransaction } from "./transaction.ts"
import { WatchHub } from "./watch-hub.ts"

export interface LocalStoreOptions {
  readonly state: State
  readonly clock: Clock
  /** For lease ids. @default they count up */
  readonly random?: Random | undefined
  /** @default nothing is kept beyond this process */
  readonly journal?: Journal | undefined
  /** Called when a compaction is durable. */
  readonly onCompacted?: ((revision: number) => void) | undefined
  /** What the journal takes on disk. @default nothing */
  readonly diskBytes?: (() => number) | undefined
  /** Gives disk space back. @default there is none to give */
  readonly defragment?: (() => Promise<void>) | undefined
  /** How much the state may hold, history included, before puts are refused. @default no limit */
  readonly quotaBytes?: number | undefined
}

/** What can be asked of a store whose content is in this process. */
export interface Maintainable {
  /** A copy of everything as of now, in constant time; what one does from here on is not seen by the other. */
  forkState(): State
  /** @param revision up to which; @default the newest */
  hash(revision?: number): StateHash
  stats(): StoreStats
  /** Gives back all disk space that compaction has made free. */
  defragment(): Promise<void>
  /** Raises or disarms the alarm for lack of space. Puts raise it again if they still do not fit. */
  setAlarm(raised: boolean): Promise<void>
}

export interface StoreStats {
  readonly revision: number
  /** The oldest revision that can be read; 0: all of them. */
  readonly compactRevision: number
  readonly keys: number
  /** What the quota counts. */
  readonly stateBytes: number
  readonly diskBytes: number
  /** The quota was used up, and nobody has disarmed the alarm since: puts are refused. */
  readonly alarm: boolean
}

/** Revisions forgotten per turn of the event loop after a compaction. */
const prunedPerTurn = 500

export class LocalStore implements Store, Maintainable {
  readonly leases: Leases
  readonly #state: State
  readonly #clock: Clock
  readonly #journal: Journal | undefined
  readonly #onCompacted: ((revision: number) => void) | undefined
  readonly #diskBytes: () => number
  readonly #defragment: () => Promise<void>
  readonly #quotaBytes: number
  readonly #commits: GroupCommit | undefined
  readonly #hub: WatchHub
  readonly #keeper: LeaseKeeper
  #pruning = false
  #closed = false

  constructor(options: LocalStoreOptions) {
    const { state, clock, random, journal, quotaBytes } = options
    this.#state = state
    this.#clock = clock
    this.#journal = journal
    this.#onCompacted = options.onCompacted
    this.#diskBytes = options.diskBytes ?? (() => 0)
    this.#defragment = options.defragment ?? (async () => {})
    this.#quotaBytes = quotaBytes ?? Number.POSITIVE_INFINITY
    this.#commits = journal && new GroupCommit(journal, clock, (revision) => this.#hub.advance(revision))
    this.#hub = new WatchHub(state)
    this.#keeper = new LeaseKeeper(state.leases, clock, random, (id) => this.#expire(id))
    this.leases = this.#createLeases()
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    this.#checkUsable()
    checkKey(request.key)
    return this.#state.range(request, this.#hub.visible)
  }

  async txn(request: TxnRequest): Promise<TxnResponse> {
    this.#checkUsable()
    checkTxnRequest(request)
    checkRequestSize(request)
    const bytes = spaceFor(request)
    if (bytes > 0 && !this.#hasSpace(bytes)) return this.#refuse()
    const { response, events } = runTransaction(this.#state, request)
    if (events.length > 0) await this.#commit({ type: "events", revision: response.revision, events })
    // Nothing written, but what it read may not be durable yet.
    else if (this.#state.revision > this.#hub.visible) await this.#commits?.flushed()
    return response
  }

  watch(request: WatchRequest): Watch {
    this.#checkUsable()
    checkWatchRequest(request)
    return this.#hub.watch(request)
  }

  async compact(revision: number): Promise<void> {
    this.#checkUsable()
    if (revision > this.#hub.visible) throw new FutureRevisionError()
    this.#state.compact(revision)
    this.#pruneSoon()
    await this.#commit({ type: "compact", revision })
    this.#onCompacted?.(revision)
  }

  async currentRevision(): Promise<number> {
    this.#checkUsable()
    return this.#hub.visible
  }

  /** The oldest revision that can still be read; 0: all of them. */
  get compactRevision(): number {
    return this.#state.compactRevision
  }

  forkState(): State {
    return this.#state.fork()
  }

  hash(revision?: number): StateHash {
    this.#checkUsable()
    return hashState(this.#state, this.#state.readableRevision(revision, this.#hub.visible))
  }

  stats(): StoreStats {
    const { revision, compactRevision, keyCount: keys, sizeBytes: stateBytes, alarm } = this.#state
    return { revision, compactRevision, keys, stateBytes, diskBytes: this.#diskBytes(), alarm }
  }

  async setAlarm(raised: boolean): Promise<void> {
    this.#checkUsable()
    if (this.#state.alarm === raised) return
    this.#state.alarm = raised
    await this.#commit({ type: "alarm", raised })
  }

  async defragment(): Promise<void> {
    this.#checkUsable()
    await this.#defragment()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#keeper.stop()
    this.#hub.close()
    await this.#commits?.flushed().catch(() => {})
    await this.#journal?.close()
  }

  #createLeases(): Leases {
    return {
      grant: async (ttlSeconds, id) => {
        this.#checkUsable()
        if (!this.#hasSpace(leaseBytes)) return this.#refuse()
        const lease = this.#keeper.grant(ttlSeconds, id)
        await this.#commit({ type: "grant", id: lease.id, ttlSeconds: lease.ttlSeconds })
        return { id: lease.id, ttlSeconds: lease.ttlSeconds }
      },
      revoke: async (id) => {
        this.#checkUsable()
        await this.#revoke(id)
      },
      // Not recorded: after a restart every lease starts its time anew, as after a change of leader in etcd.
      keepAlive: async (id) => {
        this.#checkUsable()
        return { ttlSeconds: this.#keeper.renew(id).ttlSeconds }
      },
      timeToLive: async (id) => {
        this.#checkUsable()
        const lease = this.#state.leases.get(id)
        return {
          remainingSeconds: Math.floor(this.#keeper.remainingMs(lease) / 1000),
          grantedSeconds: lease.ttlSeconds,
          keys: this.#state.leases.keysOf(id),
        }
      },
      list: async () => {
        this.#checkUsable()
        return this.#state.leases.ids()
      },
    }
  }

  #hasSpace(bytes: number): boolean {
    return !this.#state.alarm && this.#state.sizeBytes + bytes <= this.#quotaBytes
  }

  // As upstream: who finds no room raises the alarm, and from then on there is none until it is disarmed by hand.
  async #refuse(): Promise<never> {
    await this.setAlarm(true)
    throw new NoSpaceError()
  }

  #revoke(id: bigint): Promise<void> {
    this.#state.leases.get(id)
    const events = deleteKeys(this.#state, this.#state.leases.keysOf(id))
    this.#state.leases.delete(id)
    return this.#commit({ type: "events", revision: this.#state.revision, events, revokedLease: id })
  }

  #expire(id: bigint): void {
    // A failed write shows in every later call; nobody waits for this one.
    this.#revoke(id).catch(() => {})
  }

  async #commit(record: JournalRecord): Promise<void> {
    if (this.#commits !== undefined) await this.#commits.append(record)
    else if (record.type === "events") this.#hub.advance(record.revision)
  }

  #pruneSoon(): void {
    if (this.#pruning) return
    this.#pruning = true
    this.#clock.soon(() => {
      this.#pruning = false
      if (!this.#closed && this.#state.prune(prunedPerTurn)) this.#pruneSoon()
    })
  }

  #checkUsable(): void {
    if (this.#closed) throw new StoreUnavailableError("etcdserver: the store is closed")
    if (this.#commits?.failure !== undefined) throw this.#commits.failure
  }
}

const leaseBytes = 64

/** What a transaction may add; 0 if it puts nothing. */
function spaceFor({ success = [], failure = [] }: TxnRequest): number {
  return Math.max(...[success, failure].map((operations) => operations.reduce(addSpace, 0)))
}

function addSpace(bytes: number, operation: Operation): number {
  if (operation.op === "txn") return bytes + spaceFor(operation)
  return operation.op === "put" ? bytes + operation.key.length + operation.value.length + 1 : bytes
}
