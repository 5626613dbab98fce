import { Counter, gauge, type Metric } from "../../base/metrics.ts"

export interface ZoneFigures {
  readonly zone: string
  readonly ready: number
  readonly notReady: number
}

const labels = ["zone"]

/** What the node lifecycle controller counts, under upstream's names. */
export class NodeLifecycleMetrics {
  #zones: () => readonly ZoneFigures[] = () => []
  readonly #evictions = new Counter({
    name: "node_collector_evictions_total",
    help: "[STABLE] Number of Node evictions that happened since current instance of NodeController started.",
    labels,
  })
  readonly #gauges: readonly Metric[] = [
    this.#gauge(
      "zone_health",
      "[ALPHA] Gauge measuring percentage of healthy nodes per zone.",
      ({ ready, notReady }) => (100 * ready) / (ready + notReady),
    ),
    this.#gauge(
      "zone_size",
      "[ALPHA] Gauge measuring number of registered Nodes per zones.",
      ({ ready, notReady }) => ready + notReady,
    ),
    this.#gauge(
      "unhealthy_nodes_in_zone",
      "[ALPHA] Gauge measuring number of not Ready Nodes per zones.",
      ({ notReady }) => notReady,
    ),
  ]

  get all(): readonly Metric[] {
    return [this.#evictions, ...this.#gauges]
  }

  /** `zones` may be asked at any time. */
  follow(zones: () => readonly ZoneFigures[]): void {
    this.#zones = zones
  }

  evicted(zone: string): void {
    this.#evictions.add(1, zone)
  }

  #gauge(name: string, help: string, read: (figures: ZoneFigures) => number): Metric {
    return gauge({ name: `node_collector_${name}`, help, labels }, () =>
      this.#zones().map((figures) => [read(figures), figures.zone] as const),
    )
  }
}
