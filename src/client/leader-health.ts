import type { HealthCheck } from "../apimachinery/health-checks.ts"
import type { Clock } from "../base/clock.ts"
import { gauge, type Metric } from "../base/metrics.ts"

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

/** Whether this one leads, by the lease's name; undefined: there is no election. */
export function leaderMetric(name: string, isLeading: () => boolean | undefined): Metric {
  const help =
    "[ALPHA] Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name."
  return gauge({ name: "leader_election_master_status", help, labels: ["name"] }, () => {
    const leads = isLeading()
    return leads === undefined ? [] : [[Number(leads), name]]
  })
}
