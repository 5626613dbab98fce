import type { Clock, Timer } from "../../base/clock.ts"
import type { History } from "./history.ts"

export interface RetentionOptions {
  readonly clock: Clock
  readonly history: History
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly compact: (revision: number) => void
}

/** How many steps the limits are approached in: a tenth more history than asked for may be there. */
const steps = 10

/** Compacts what is older than the limits, by the clock when all is quiet and by amount when it is not. */
export class Retention {
  readonly #options: RetentionOptions
  #timer: Timer | undefined
  #checkedAtBytes = 0

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#schedule()
  }

  /** @param writtenBytes all that was ever written to the log */
  afterWrite(writtenBytes: number): void {
    if (writtenBytes - this.#checkedAtBytes < this.#options.maxBytes / steps) return
    this.#checkedAtBytes = writtenBytes
    this.#compact()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #schedule(): void {
    const { clock, maxAgeMs } = this.#options
    this.#timer = clock.after(Math.min(maxAgeMs / steps, 60_000), () => {
      this.#compact()
      this.#schedule()
    })
  }

  #compact(): void {
    const { clock, history, maxAgeMs, maxBytes, compact } = this.#options
    const byAge = history.revisionAt(clock.now() - maxAgeMs) ?? 0
    const bySize = history.revisionBackBy(maxBytes) ?? 0
    compact(Math.max(byAge, bySize))
  }
}
