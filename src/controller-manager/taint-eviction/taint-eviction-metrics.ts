import { Counter, Histogram, type Metric } from "../../base/metrics.ts"

/** What the eviction by taints measures of itself, under upstream's names. */
export class TaintEvictionMetrics {
  readonly #deletions = new Counter({
    name: "taint_eviction_controller_pod_deletions_total",
    help: "[ALPHA] Total number of Pods deleted by TaintEvictionController since its start.",
  })
  readonly #delays = new Histogram(
    {
      name: "taint_eviction_controller_pod_deletion_duration_seconds",
      help: "[ALPHA] Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.",
    },
    [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
  )

  constructor() {
    // It is told from the start that there were none.
    this.#deletions.add(0)
  }

  get all(): readonly Metric[] {
    return [this.#deletions, this.#delays]
  }

  /** @param lateMs since the moment at which the pod had to go */
  deleted(lateMs: number): void {
    this.#deletions.add(1)
    this.#delays.observe(lateMs / 1000)
  }
}
