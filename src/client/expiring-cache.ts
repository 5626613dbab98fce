import type { Clock } from "../base/clock.ts"
import { LeastRecentlyUsed } from "./least-recently-used.ts"

/** Answers of others, each kept for its own time; the ones not asked for the longest time go first. */
export class ExpiringCache<V> {
  readonly #clock: Clock
  readonly #entries: LeastRecentlyUsed<{ readonly value: V; readonly untilMs: number }>

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock
    this.#entries = new LeastRecentlyUsed(capacity)
  }

  find(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (this.#clock.monotonic() < entry.untilMs) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  /** For no time at all: it is not kept. */
  set(key: string, value: V, lifetimeMs: number): void {
    if (lifetimeMs > 0) this.#entries.set(key, { value, untilMs: this.#clock.monotonic() + lifetimeMs })
  }
}
