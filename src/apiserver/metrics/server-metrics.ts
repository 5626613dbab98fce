import { groupResource } from "../../apimachinery/resource.ts"
import type { RequestContext } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ServedResources } from "../registry/served-resources.ts"
import { Counter, formatMetrics, gauge, Histogram, type Metric } from "../../base/metrics.ts"

const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

/** What the server counts of itself, under upstream's names. */
export class ServerMetrics {
  readonly #requests = new Counter({
    name: "apiserver_request_total",
    help: "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
    labels: ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component", "code"],
  })
  readonly #durations = new Histogram(
    {
      name: "apiserver_request_duration_seconds",
      help: "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
      labels: ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"],
    },
    durationBounds,
  )
  readonly #inflight = new Counter(
    {
      name: "apiserver_current_inflight_requests",
      help: "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
      labels: ["request_kind"],
    },
    "gauge",
  )
  readonly #longRunning = new Counter(
    {
      name: "apiserver_longrunning_requests",
      help: "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.",
      labels: ["verb", "group", "version", "resource", "subresource", "scope", "component"],
    },
    "gauge",
  )
  readonly terminatedWatchers = new Counter({
    name: "apiserver_terminated_watchers_total",
    help: "[ALPHA] Counter of watchers closed due to unresponsiveness broken by resource type.",
    labels: ["group", "resource"],
  })
  readonly watchEvents = new Counter({
    name: "apiserver_watch_events_total",
    help: "[ALPHA] Number of events sent in watch clients",
    labels: ["group", "version", "resource"],
  })
  readonly #refused = new Counter({
    name: "apiserver_flowcontrol_rejected_requests_total",
    help: "[BETA] Number of requests rejected by API Priority and Fairness subsystem",
    labels: ["priority_level", "flow_schema"],
  })
  readonly #metrics: Metric[]

  constructor(resources: ServedResources) {
    const objects = gauge(
      {
        name: "apiserver_storage_objects",
        help: "[STABLE] Number of stored objects at the time of last check split by kind.",
        labels: ["resource"],
      },
      function* () {
        for (const registry of new Set(resources.all().map((served) => served.registry))) {
          yield [registry.cache.size, groupResource(registry.storage)]
        }
      },
    )
    this.#metrics = [
      this.#requests,
      this.#durations,
      this.#inflight,
      this.#longRunning,
      this.terminatedWatchers,
      this.watchEvents,
      this.#refused,
      objects,
    ]
  }

  /** More to be told: of the process, of other components in it. */
  add(metric: Metric): void {
    this.#metrics.push(metric)
  }

  answered({ info, request, server, startedMs }: RequestContext, { status }: ServerResponse): void {
    const verb = verbLabel(info)
    const dryRun = request.query.get("dryRun") ?? ""
    const { group, version, resource, subresource } = info
    const labels = [verb, dryRun, group, version, resource, subresource, scopeOf(info), "apiserver"]
    this.#requests.add(1, ...labels, String(status))
    if (verb !== "WATCH") this.#durations.observe((server.clock.monotonic() - startedMs) / 1000, ...labels)
  }

  inflight(kind: "readOnly" | "mutating", change: 1 | -1): void {
    this.#inflight.add(change, kind)
  }

  refusedByFlowControl(level: string, schema: string): void {
    this.#refused.add(1, level, schema)
  }

  longRunning({ info }: RequestContext, change: 1 | -1): void {
    const { group, version, resource, subresource } = info
    this.#longRunning.add(
      change,
      verbLabel(info),
      group,
      version,
      resource,
      subresource,
      scopeOf(info),
      "apiserver",
    )
  }

  format(): string {
    return formatMetrics(this.#metrics)
  }
}

const verbLabels: Readonly<Record<string, string>> = {
  create: "POST",
  update: "PUT",
  deletecollection: "DELETECOLLECTION",
}

function verbLabel({ verb }: RequestContext["info"]): string {
  return verbLabels[verb] ?? verb.toUpperCase()
}

function scopeOf({ isResource, name, namespace }: RequestContext["info"]): string {
  if (!isResource) return ""
  if (name) return "resource"
  return namespace ? "namespace" : "cluster"
}
