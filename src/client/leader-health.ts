import type { HealthCheck } from "../apimachinery/health-checks.ts"
import type { Clock } from "../base/clock.ts"

/** Upstream's patience with a leader after its lease has run out. */
const toleranceMs = 20_000

export interface SeenLease {
  readonly name: string
  /** Whether it says that we lead. */
  readonly isOurs: boolean
  readonly durationMs: number
}

/**
 * The check "leaderElection": somebody who leads, by the lease as it was last seen, and has not renewed it for long after it
 * ran out, should have ended and hangs. Those who wait are well.
 */
export class LeaderHealth implements HealthCheck {
  readonly name = "leaderElection"
  readonly #clock: Pick<Clock, "monotonic">
  #seen: SeenLease | undefined
  #seenMs = 0

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock
  }

  saw(lease: SeenLease): void {
    this.#seen = lease
    this.#seenMs = this.#clock.monotonic()
  }

  check(): void {
    if (!this.#seen?.isOurs) return
    if (this.#clock.monotonic() - this.#seenMs > this.#seen.durationMs + toleranceMs)
      throw new Error(`failed election to renew leadership on lease ${this.#seen.name}`)
  }
}
