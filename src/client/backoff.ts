import type { Random } from "../base/random.ts"

/**
 * A delay that doubles with each failure up to a limit and starts over after `reset`. `jitter` adds up to that share on
 * top, so that many clients do not come back at the same instant.
 */
export class Backoff {
  readonly #initialMs: number
  readonly #maxMs: number
  readonly #jitter: number
  readonly #random: Random | undefined
  #failures = 0

  constructor(options: { initialMs: number; maxMs: number; jitter?: number; random?: Random }) {
    this.#initialMs = options.initialMs
    this.#maxMs = options.maxMs
    this.#jitter = options.jitter ?? 0
    this.#random = options.random
  }

  nextMs(): number {
    const plain = exponentialMs(this.#initialMs, this.#maxMs, this.#failures++)
    return plain * (1 + this.#jitter * (this.#random?.next() ?? 0))
  }

  reset(): void {
    this.#failures = 0
  }
}

/** `initialMs` doubled `failures` times, at most `maxMs`. */
export function exponentialMs(initialMs: number, maxMs: number, failures: number): number {
  return Math.min(initialMs * 2 ** Math.min(failures, 62), maxMs)
}
