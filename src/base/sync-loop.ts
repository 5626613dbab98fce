import { onAbort } from "./on-abort.ts"
import type { Clock } from "./clock.ts"
import { sleep } from "./clock.ts"
import type { Logger } from "./log.ts"

export interface SyncLoopOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Makes the world as it should be, as far as is known when it is called. Never called twice at a time. */
  readonly sync: () => Promise<void>
  /** Called before `sync` is tried again after a failure: what the world looks like is unknown now. */
  readonly failed?: () => void
  /** Whether the world is still as `sync` left it; false makes it run again. */
  readonly inspect?: () => Promise<boolean>
  /** @default 30 s */
  readonly inspectionMs?: number
  /** After the first failure; doubles with each further one, up to half a minute. @default 1 s */
  readonly retryMs?: number
}

const mostRetryMs = 30_000

/**
 * Keeps something in step with what changes all the time: the kernel's rules with the cluster, say. A single change is
 * acted upon at once; changes that come while a sync is under way are taken together by the next, so a storm of them
 * makes fewer and larger syncs instead of a queue.
 */
export class SyncLoop {
  /** Resolves after the first sync that succeeded. */
  readonly ready: Promise<void>
  readonly #options: SyncLoopOptions
  readonly #waiting: (() => void)[] = []
  #triggered = true
  #busy = false
  #failures = 0
  #wake: () => void = () => {}
  #becomeReady: () => void = () => {}

  constructor(options: SyncLoopOptions) {
    this.#options = options
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve
    })
  }

  /** Something changed: sync soon. */
  trigger(): void {
    this.#triggered = true
    this.#wake()
  }

  /** Resolves when every trigger so far was followed by a sync that succeeded. */
  settled(): Promise<void> {
    if (!this.#triggered && !this.#busy) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Syncs at once and then whenever triggered, until `signal` aborts; a sync under way is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, retryMs = 1000 } = this.#options
    while (!signal.aborted) {
      try {
        if (this.#triggered) await this.#syncOnce()
        else await this.#pause(signal)
      } catch (error) {
        log.error("sync failed; trying again", { error })
        this.#options.failed?.()
        this.#triggered = true
        await sleep(clock, Math.min(retryMs * 2 ** this.#failures++, mostRetryMs), signal)
      }
    }
  }

  async #syncOnce(): Promise<void> {
    this.#triggered = false
    this.#busy = true
    try {
      await this.#options.sync()
    } finally {
      this.#busy = false
    }
    this.#failures = 0
    this.#becomeReady()
    if (!this.#triggered) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Until the next trigger; now and then looks whether all is well. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, inspectionMs = 30_000 } = this.#options
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    const forget = onAbort(signal, this.#wake)
    await sleep(clock, inspectionMs, woken.signal)
    forget()
    this.#wake = () => {}
    if (woken.signal.aborted) return
    if ((await this.#options.inspect?.()) === false) this.#triggered = true
  }
}
