import { LeastRecentlyUsed } from "./least-recently-used.ts"

interface Bucket {
  readonly tokens: number
  readonly atMs: number
}

/** A token bucket per key: `burst` at once, then `perSecond`. */
export class TokenBuckets {
  readonly #burst: number
  readonly #perSecond: number
  readonly #buckets: LeastRecentlyUsed<Bucket>

  constructor(options: { burst: number; perSecond: number; capacity: number }) {
    this.#burst = options.burst
    this.#perSecond = options.perSecond
    this.#buckets = new LeastRecentlyUsed(options.capacity)
  }

  /** Takes a token if there is one. */
  take(key: string, nowMs: number): boolean {
    const { tokens, atMs } = this.#buckets.get(key) ?? { tokens: this.#burst, atMs: nowMs }
    const refilled = tokens + (Math.max(nowMs - atMs, 0) / 1000) * this.#perSecond
    const available = Math.min(refilled, this.#burst)
    const taken = available >= 1
    this.#buckets.set(key, { tokens: taken ? available - 1 : available, atMs: nowMs })
    return taken
  }
}
