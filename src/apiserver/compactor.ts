import type { Clock, Timer } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import { CompactedError, type Store } from "../etcd/store.ts"

/** Upstream's `--etcd-compaction-interval`. */
const intervalMs = 5 * 60_000

/**
 * Lets the store forget what is older than one interval, so that it does not grow for ever: pages of lists and watches
 * may go back five to ten minutes.
 */
export class Compactor {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  #timer: Timer | undefined = undefined
  #previous = 0

  constructor(store: Store, clock: Clock, log: Logger) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  start(): void {
    this.#timer = this.#clock.after(intervalMs, () => {
      this.#compact()
        .catch((error: unknown) => this.#log.warn("compaction failed", { error: String(error) }))
        .finally(() => this.#timer && this.start())
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #compact(): Promise<void> {
    const revision = await this.#store.currentRevision()
    const upTo = this.#previous
    this.#previous = revision
    if (upTo === 0) return
    try {
      await this.#store.compact(upTo)
    } catch (error) {
      // Another server did it before.
      if (!(error instanceof CompactedError)) throw error
    }
  }
}
