import type { Clock } from "../../base/clock.ts"
import type { Leases } from "../../etcd/store.ts"

// One lease serves the events of a minute, or of a thousand: a lease per event would cost more than the event.
const sharedForMs = 60_000
const maxObjects = 1000

/** Leases of the store under which objects vanish after a time to live: Events after an hour. */
export class EventLeases {
  readonly #leases: Leases
  readonly #clock: Clock
  readonly #ttlMs: number
  #lease: Promise<bigint> | undefined = undefined
  #validUntilMs = 0
  #objects = 0

  constructor(leases: Leases, clock: Clock, ttlMs: number) {
    this.#leases = leases
    this.#clock = clock
    this.#ttlMs = ttlMs
  }

  /** A lease that lasts at least the time to live from now. */
  leaseFor(): Promise<bigint> {
    const now = this.#clock.monotonic()
    if (!this.#lease || now >= this.#validUntilMs || this.#objects >= maxObjects) {
      this.#objects = 0
      this.#validUntilMs = now + sharedForMs
      this.#lease = this.#grant()
    }
    this.#objects++
    return this.#lease
  }

  async #grant(): Promise<bigint> {
    try {
      const { id } = await this.#leases.grant(Math.ceil((this.#ttlMs + sharedForMs) / 1000))
      return id
    } catch (error) {
      this.#lease = undefined
      throw error
    }
  }
}
