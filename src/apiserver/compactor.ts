import type { Clock, Timer } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import { CompactedError, type Store } from "../etcd/store.ts"

/** Upstream's `--etcd-compaction-interval`. */
export const usualCompactionIntervalMs = 5 * 60_000

export interface Compaction {
  /** How often; 0: never. @default 5 minutes */
  readonly intervalMs?: number
  /** The store sees to its history itself; then the interval only says how long lists can be continued. @default false */
  readonly byStore?: boolean
}

/** Holds the revision up to which was compacted last; its version counts the turns. Upstream's servers use it too. */
const turnKey = "compact_rev_key"

/**
 * Lets the store forget what is older than one interval, so that it does not grow for ever: pages of lists and watches
 * may go back one to two intervals. Of several API servers on one store, whoever is first in an interval takes the turn
 * for all of them; the others see by the key's version that it was taken
 * (https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go).
 */
export class Compactor {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #intervalMs: number
  readonly #byStore: boolean
  #timer: Timer | undefined = undefined
  /** The turn that is next, and what the store's revision was when the one before it was taken. */
  #turn = 0
  #revision = 0
  #pagesFrom = 0

  constructor(store: Store, clock: Clock, log: Logger, compaction: Compaction = {}) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#intervalMs = compaction.intervalMs ?? usualCompactionIntervalMs
    this.#byStore = compaction.byStore ?? false
  }

  /**
   * The oldest revision at which a list can be continued. A store that keeps its history longer does not change how long a
   * client may take from one page to the next: one to two intervals, as everywhere.
   */
  get pagesFrom(): number {
    return this.#pagesFrom
  }

  start(): void {
    if (this.#intervalMs === 0) return
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      ;(this.#byStore ? this.#look() : this.#takeTurn())
        .catch((error: unknown) => this.#log.warn("compaction failed", { error: String(error) }))
        .finally(() => this.#timer && this.start())
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    this.#pagesFrom = this.#revision
    this.#revision = await this.#store.currentRevision()
  }

  async #takeTurn(): Promise<void> {
    const upTo = this.#revision
    this.#pagesFrom = upTo
    const { succeeded, revision, results } = await this.#store.txn({
      compare: [{ key: turnKey, target: "version", is: "=", to: this.#turn }],
      success: [{ op: "put", key: turnKey, value: new TextEncoder().encode(String(upTo)) }],
      failure: [{ op: "range", key: turnKey }],
    })
    this.#revision = revision
    if (!succeeded) {
      const [found] = results
      this.#turn = (found?.op === "range" && found.kvs[0]?.version) || 0
      return
    }
    this.#turn++
    if (upTo > 0) await this.#compact(upTo)
  }

  async #compact(revision: number): Promise<void> {
    try {
      await this.#store.compact(revision)
      this.#log.debug("compacted the store", { revision })
    } catch (error) {
      // By hand, or by the store itself, further than this.
      if (!(error instanceof CompactedError)) throw error
    }
  }
}
