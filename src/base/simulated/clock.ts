import type { Clock, Timer } from "../clock.ts"
import { Heap } from "../heap.ts"

interface Scheduled {
  readonly at: number
  readonly order: number
  readonly callback: () => void
  cancelled: boolean
}

/**
 * A clock that moves only when told to. Timers fire in order of time, then of creation.
 *
 * @example
 * const clock = new SimulatedClock()
 * clock.after(1000, () => fired = true)
 * await clock.advance(1000)
 */
export class SimulatedClock implements Clock {
  #now: number
  #elapsed = 0
  #order = 0
  readonly #timers = new Heap<Scheduled>((a, b) => a.at - b.at || a.order - b.order)

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs
  }

  now(): number {
    return this.#now + this.#elapsed
  }

  monotonic(): number {
    return this.#elapsed
  }

  after(delayMs: number, callback: () => void): Timer {
    const scheduled: Scheduled = {
      at: this.#elapsed + Math.max(delayMs, 0),
      order: this.#order++,
      callback,
      cancelled: false,
    }
    this.#timers.push(scheduled)
    return {
      cancel: () => {
        scheduled.cancelled = true
      },
    }
  }

  soon(callback: () => void): void {
    this.after(0, callback)
  }

  /** Milliseconds until the next timer, or undefined when none is set. */
  nextTimerIn(): number | undefined {
    while (this.#timers.peek()?.cancelled) this.#timers.pop()
    const next = this.#timers.peek()
    return next && next.at - this.#elapsed
  }

  /** Moves wall-clock time alone, as an NTP step or a suspended laptop does. */
  jump(byMs: number): void {
    this.#now += byMs
  }

  /** Moves time forward by `byMs`, running every timer that comes due; pending promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const end = this.#elapsed + byMs
    await settle()
    for (
      let wait = this.nextTimerIn();
      wait !== undefined && this.#elapsed + wait <= end;
      wait = this.nextTimerIn()
    ) {
      const timer = this.#timers.pop()!
      this.#elapsed = Math.max(this.#elapsed, timer.at)
      timer.callback()
      await settle()
    }
    this.#elapsed = end
  }
}

/** One macrotask: by then every promise that could settle without time passing has settled. */
export function settle(): Promise<void> {
  // oxlint-disable-next-line no-restricted-globals -- draining microtasks needs one real macrotask; it lives here alone
  return new Promise((resolve) => void setImmediate(resolve))
}
