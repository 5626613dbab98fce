import type { Clock } from "../../base/clock.ts"
import { Counter, formatMetrics, gauge, Histogram } from "../../base/metrics.ts"

/** As long as a change may wait for the kernel before the node says that it serves nothing any more. */
const patienceMs = 60_000

const seconds = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 4, 8, 16, 32]
const programmingSeconds = [0.25, 0.5, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 120, 180, 240, 300]

/** What a proxy tells of itself: whether it keeps up, and figures under kube-proxy's names. */
export class ProxyStatus {
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #sync = new Histogram(
    {
      name: "kubeproxy_sync_proxy_rules_duration_seconds",
      help: "SyncProxyRules latency in seconds",
      labels: ["ip_family"],
    },
    seconds,
  )
  readonly #programming = new Histogram(
    {
      name: "kubeproxy_network_programming_duration_seconds",
      help: "In Cluster Network Programming Latency in seconds",
      labels: ["ip_family"],
    },
    programmingSeconds,
  )
  readonly #failures = new Counter({
    name: "kubeproxy_sync_proxy_rules_nftables_sync_failures_total",
    help: "Cumulative proxy nftables sync failures",
    labels: ["ip_family"],
  })
  readonly #changes = {
    service: new Counter({
      name: "kubeproxy_sync_proxy_rules_service_changes_total",
      help: "Cumulative proxy rules Service changes",
    }),
    endpoint: new Counter({
      name: "kubeproxy_sync_proxy_rules_endpoint_changes_total",
      help: "Cumulative proxy rules Endpoint changes",
    }),
  }
  #queuedAt: number | undefined
  #lastQueuedAt = 0
  #updatedAt = 0
  /** False: the node is about to go, and load balancers should send nothing here any more. */
  nodeEligible = true

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAt = clock.now()
    for (const counter of Object.values(this.#changes)) counter.set(0)
    this.#failures.set(0, "IPv4")
  }

  /** Something is to be written. */
  queued(kind: "service" | "endpoint"): void {
    this.#lastQueuedAt = this.#clock.now()
    this.#queuedAt ??= this.#lastQueuedAt
    this.#changes[kind].add(1)
  }

  /** The kernel has what was known at `began`; `triggers` are when what it is about happened. */
  synced(began: number, triggers: Iterable<number>): void {
    this.#updatedAt = this.#clock.now()
    this.#queuedAt = this.#lastQueuedAt > began ? this.#lastQueuedAt : undefined
    this.#sync.observe((this.#updatedAt - began) / 1000, "IPv4")
    for (const trigger of triggers)
      if (trigger > this.#startedAt) this.#programming.observe((this.#updatedAt - trigger) / 1000, "IPv4")
  }

  failed(): void {
    this.#failures.add(1, "IPv4")
  }

  /** Every change reaches the kernel in time. */
  get isAlive(): boolean {
    return this.#queuedAt === undefined || this.#clock.now() - this.#queuedAt < patienceMs
  }

  get isHealthy(): boolean {
    return this.isAlive && this.nodeEligible
  }

  get updatedAt(): number {
    return this.#updatedAt
  }

  get now(): number {
    return this.#clock.now()
  }

  /** In Prometheus' text format. */
  metrics(): string {
    const time = (name: string, help: string, read: () => number) =>
      gauge({ name, help }, () => [[read() / 1000]])
    return formatMetrics([
      this.#sync,
      this.#programming,
      this.#failures,
      this.#changes.service,
      this.#changes.endpoint,
      time(
        "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
        "The last time proxy rules were successfully synced",
        () => this.#updatedAt,
      ),
      time(
        "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
        "The last time a sync of proxy rules was queued",
        () => this.#lastQueuedAt,
      ),
    ])
  }
}
