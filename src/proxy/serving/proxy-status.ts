import type { Clock } from "../../base/clock.ts"
import type { IpFamily } from "../../base/ip-address.ts"
import { type FamilyName, ProxyMetrics } from "./proxy-metrics.ts"

/** As long as a change may wait for the kernel before the node says that it serves nothing any more. */
const patienceMs = 60_000

/** What a proxy tells of itself: whether it keeps up, and its figures. */
export class ProxyStatus {
  readonly metrics: ProxyMetrics
  readonly families: readonly FamilyName[]
  readonly #clock: Clock
  readonly #startedAt: number
  #queuedAt: number | undefined
  #lastQueuedAt = 0
  #updatedAt = 0
  /** False: the node is about to go, and load balancers should send nothing here any more. */
  nodeEligible = true

  constructor(clock: Clock, families: readonly IpFamily[]) {
    this.#clock = clock
    this.#startedAt = clock.now()
    this.families = families.map((family) => `IPv${family}` as const)
    this.metrics = new ProxyMetrics(this.families, this)
  }

  /** Something is to be written. */
  queued(kind: "service" | "endpoint"): void {
    this.#lastQueuedAt = this.#clock.now()
    this.#queuedAt ??= this.#lastQueuedAt
    this.metrics.changed(kind)
  }

  /** The kernel has what was known at `began`; `triggers` are when what it is about happened. */
  synced(began: number, triggers: Iterable<number>, full: boolean): void {
    this.#updatedAt = this.#clock.now()
    this.#queuedAt = this.#lastQueuedAt > began ? this.#lastQueuedAt : undefined
    this.metrics.synced(this.#updatedAt - began, full)
    for (const trigger of triggers)
      if (trigger > this.#startedAt) this.metrics.programmed(this.#updatedAt - trigger)
  }

  /** Every change reaches the kernel in time. */
  get isAlive(): boolean {
    return this.#queuedAt === undefined || this.#clock.now() - this.#queuedAt < patienceMs
  }

  get isHealthy(): boolean {
    return this.isAlive && this.nodeEligible
  }

  get lastQueuedAt(): number {
    return this.#lastQueuedAt
  }

  get updatedAt(): number {
    return this.#updatedAt
  }

  get now(): number {
    return this.#clock.now()
  }
}
