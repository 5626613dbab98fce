import type { Resource } from "../../apimachinery/resource.ts"
import type { Clock } from "../../base/clock.ts"
import { Counter, gauge, Histogram, type Metric } from "../../base/metrics.ts"
import type { ObserveStore, Registry } from "../registry/registry.ts"
import type { ServedResources } from "../registry/served-resources.ts"
import { durationBounds, objectCounts } from "./request-metrics.ts"

const perResource = ["group", "resource"]

export type StoreOperation = "create" | "update" | "delete" | "list"

/** The store and what is kept of it in memory, under upstream's names. */
export class StorageMetrics {
  readonly #durations = new Histogram(
    {
      name: "etcd_request_duration_seconds",
      help: "[ALPHA] Etcd request latency in seconds for each operation and object type.",
      labels: ["operation", ...perResource],
    },
    durationBounds,
  )
  readonly #requests = new Counter({
    name: "etcd_requests_total",
    help: "[ALPHA] Etcd request counts for each operation and object type.",
    labels: ["operation", ...perResource],
  })
  readonly #lists = new Counter({
    name: "apiserver_cache_list_total",
    help: "[ALPHA] Number of LIST requests served from watch cache",
    labels: [...perResource, "index"],
  })
  readonly #listed = new Counter({
    name: "apiserver_cache_list_fetched_objects_total",
    help: "[ALPHA] Number of objects read from watch cache in the course of serving a LIST request",
    labels: [...perResource, "index"],
  })
  readonly #returned = new Counter({
    name: "apiserver_cache_list_returned_objects_total",
    help: "[ALPHA] Number of objects returned for a LIST request from watch cache",
    labels: perResource,
  })

  metrics(resources: ServedResources): readonly Metric[] {
    const registries = () => new Set(resources.all().map(({ registry }) => registry))
    const ofCaches = (
      { name, help, type = "gauge" }: { name: string; help: string; type?: "gauge" | "counter" },
      read: (cache: Registry["cache"]) => number,
    ) =>
      gauge(
        { name, help, labels: perResource },
        function* () {
          for (const { cache, storage } of registries()) yield [read(cache), storage.group, storage.plural]
        },
        type,
      )
    const counter = "counter" as const
    return [
      this.#durations,
      this.#requests,
      this.#lists,
      this.#listed,
      this.#returned,
      ...objectCounts(function* () {
        for (const { cache, storage } of registries()) yield [cache.size, storage]
      }),
      // The cache is told of whatever the store tells.
      ofCaches(
        {
          name: "apiserver_storage_events_received_total",
          help: "[BETA] Number of etcd events received split by kind.",
          type: counter,
        },
        ({ received }) => received,
      ),
      ofCaches(
        {
          name: "apiserver_watch_cache_events_received_total",
          help: "[ALPHA] Counter of events received in watch cache broken by resource type.",
          type: counter,
        },
        ({ received }) => received,
      ),
      ofCaches(
        {
          name: "apiserver_watch_cache_events_dispatched_total",
          help: "[ALPHA] Counter of events dispatched in watch cache broken by resource type.",
          type: counter,
        },
        ({ dispatched }) => dispatched,
      ),
      ofCaches(
        {
          name: "apiserver_watch_cache_resource_version",
          help: "[ALPHA] Current resource version of watch cache broken by resource type.",
        },
        ({ newestRevision }) => newestRevision,
      ),
      ofCaches(
        {
          name: "watch_cache_capacity",
          help: "[ALPHA] Total capacity of watch cache broken by resource type.",
        },
        ({ windowSize }) => windowSize,
      ),
    ]
  }

  /** For a registry: told when it asks the store, and when the store has answered. */
  observer({ group, plural }: Resource, clock: Clock): ObserveStore {
    return (operation) => {
      const beganMs = clock.monotonic()
      this.#requests.add(1, operation, group, plural)
      return () => this.#durations.observe((clock.monotonic() - beganMs) / 1000, operation, group, plural)
    }
  }

  listed({ group, plural }: Resource, fetched: number, returned: number): void {
    this.#lists.add(1, group, plural, "")
    this.#listed.add(fetched, group, plural, "")
    this.#returned.add(returned, group, plural)
  }
}

/** Of a store whose files are on this machine. Upstream numbers the clusters that it keeps objects in. */
export function storeSizeMetric(readBytes: () => number): Metric {
  const help = "[STABLE] Size of the storage database file physically allocated in bytes."
  const labels = ["storage_cluster_id"]
  return gauge({ name: "apiserver_storage_size_bytes", help, labels }, () => [[readBytes(), "etcd-0"]])
}
