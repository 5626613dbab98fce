import type { IpFamily } from "../../base/ip-address.ts"
import {
  Counter,
  exponentialBounds,
  formatMetrics,
  gauge,
  Histogram,
  type Metric,
  type MetricOptions,
} from "../../base/metrics.ts"

const syncSeconds = exponentialBounds(0.001, 2, 15)
const programmingSeconds = [0.25, 0.5, ...range(1, 1, 59), ...range(60, 5, 12), ...range(120, 30, 7)]
const byFamily = ["ip_family"]

function range(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/** The names of the families as `ip_family` has them. */
export type FamilyName = "IPv4" | "IPv6"

/** When what happened last, in milliseconds since 1970; looked up when somebody reads. */
export interface Times {
  readonly lastQueuedAt: number
  readonly updatedAt: number
}

/** A proxy's figures under kube-proxy's names (https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/proxy/metrics/metrics.go). */
export class ProxyMetrics {
  readonly #all: Metric[] = []
  readonly #families: readonly FamilyName[]
  readonly #sync = this.#histogram("sync_proxy_rules_duration_seconds", "SyncProxyRules latency in seconds")
  readonly #full = this.#histogram(
    "sync_full_proxy_rules_duration_seconds",
    "SyncProxyRules latency in seconds for full resyncs",
  )
  readonly #partial = this.#histogram(
    "sync_partial_proxy_rules_duration_seconds",
    "SyncProxyRules latency in seconds for partial resyncs",
  )
  readonly #programming = this.#histogram(
    "network_programming_duration_seconds",
    "In Cluster Network Programming Latency in seconds",
    programmingSeconds,
  )
  readonly #conntrack = this.#histogram(
    "conntrack_reconciler_sync_duration_seconds",
    "ReconcileConntrackFlowsLatency latency in seconds",
  )
  readonly #forgotten = this.#counter(
    "conntrack_reconciler_deleted_entries_total",
    "Cumulative conntrack flows deleted by conntrack reconciler",
    byFamily,
  )
  readonly #failures = this.#counter(
    "sync_proxy_rules_nftables_sync_failures_total",
    "Cumulative proxy nftables sync failures",
    byFamily,
  )
  readonly #cleanupFailures = this.#counter(
    "sync_proxy_rules_nftables_cleanup_failures_total",
    "Cumulative proxy nftables cleanup failures",
    byFamily,
  )
  readonly #changes = {
    service: this.#counter(
      "sync_proxy_rules_service_changes_total",
      "Cumulative proxy rules Service changes",
    ),
    endpoint: this.#counter(
      "sync_proxy_rules_endpoint_changes_total",
      "Cumulative proxy rules Endpoint changes",
    ),
  }
  readonly #asked = {
    healthz: this.#counter("proxy_healthz_total", "Cumulative proxy healthz HTTP status", ["code"]),
    livez: this.#counter("proxy_livez_total", "Cumulative proxy livez HTTP status", ["code"]),
  }
  readonly #pending = { service: 0, endpoint: 0 }
  #withoutLocal: readonly WithoutLocal[] = []

  constructor(families: readonly FamilyName[], times: Times) {
    this.#families = families
    for (const counter of Object.values(this.#changes)) counter.set(0)
    for (const family of families)
      for (const each of [this.#failures, this.#cleanupFailures, this.#forgotten]) each.set(0, family)
    this.#addGauges(times)
  }

  changed(kind: "service" | "endpoint"): void {
    this.#changes[kind].add(1)
    this.#pending[kind]++
  }

  /** The kernel has everything; `full` if all was made anew. */
  synced(durationMs: number, full: boolean): void {
    this.#pending.service = this.#pending.endpoint = 0
    for (const family of this.#families)
      for (const each of [this.#sync, full ? this.#full : this.#partial])
        each.observe(durationMs / 1000, family)
  }

  programmed(latencyMs: number): void {
    for (const family of this.#families) this.#programming.observe(latencyMs / 1000, family)
  }

  failed(): void {
    for (const family of this.#families) this.#failures.add(1, family)
  }

  /** Chains that nothing leads to any more could not be removed. */
  cleanUpFailed(families: readonly IpFamily[]): void {
    for (const family of families) this.#cleanupFailures.add(1, `IPv${family}`)
  }

  forgot(family: FamilyName, flows: number, durationMs: number): void {
    this.#conntrack.observe(durationMs / 1000, family)
    this.#forgotten.add(flows, family)
  }

  asked(page: "healthz" | "livez", code: number): void {
    this.#asked[page].add(1, String(code))
  }

  servicesWithoutLocal(counts: readonly WithoutLocal[]): void {
    this.#withoutLocal = counts
  }

  /** In Prometheus' text format. */
  text(): string {
    return formatMetrics(this.#all)
  }

  #addGauges(times: Times): void {
    const time = (read: () => number) => () =>
      this.#families.map((family) => [read() / 1000, family] as const)
    this.#gauge(
      "sync_proxy_rules_last_timestamp_seconds",
      "The last time proxy rules were successfully synced",
      byFamily,
      time(() => times.updatedAt),
    )
    this.#gauge(
      "sync_proxy_rules_last_queued_timestamp_seconds",
      "The last time a sync of proxy rules was queued",
      byFamily,
      time(() => times.lastQueuedAt),
    )
    for (const [kind, name] of [
      ["service", "Service"],
      ["endpoint", "Endpoint"],
    ] as const)
      this.#gauge(
        `sync_proxy_rules_${kind}_changes_pending`,
        `Pending proxy rules ${name} changes`,
        [],
        () => [[this.#pending[kind]]],
      )
    this.#gauge(
      "sync_proxy_rules_no_local_endpoints_total",
      "Number of services with a Local traffic policy and no endpoints",
      ["traffic_policy", "ip_family"],
      () => this.#withoutLocal.map(({ count, policy, family }) => [count, policy, family]),
    )
  }

  #histogram(name: string, help: string, bounds = syncSeconds): Histogram {
    return this.#added(new Histogram(optionsOf(name, help, byFamily), bounds))
  }

  #counter(name: string, help: string, labels: readonly string[] = []): Counter {
    return this.#added(new Counter(optionsOf(name, help, labels)))
  }

  #gauge(name: string, help: string, labels: readonly string[], read: Parameters<typeof gauge>[1]): void {
    this.#added(gauge(optionsOf(name, help, labels), read))
  }

  #added<M extends Metric>(metric: M): M {
    this.#all.push(metric)
    return metric
  }
}

/** How many ports of Services keep traffic on this node and have no endpoint here. */
export interface WithoutLocal {
  readonly policy: "internal" | "external"
  readonly family: FamilyName
  readonly count: number
}

function optionsOf(name: string, help: string, labels: readonly string[]): MetricOptions {
  return { name: `kubeproxy_${name}`, help: `[ALPHA] ${help}`, labels }
}
