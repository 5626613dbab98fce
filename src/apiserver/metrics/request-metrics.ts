import { Counter, exponentialBounds, gauge, Histogram, type Metric } from "../../base/metrics.ts"
import type { RequestContext } from "../context.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"

const perRequest = ["verb", "group", "version", "resource", "subresource", "scope", "component"]

/** Seconds, as upstream's. */
export const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

const sliBounds = durationBounds.slice(2)
const watchListBounds = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60]

/** Requests as they come and go, under upstream's names. */
export class RequestMetrics {
  readonly #requests = new Counter({
    name: "apiserver_request_total",
    help: "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
    labels: ["verb", "dry_run", ...perRequest.slice(1), "code"],
  })
  readonly #durations = new Histogram(
    {
      name: "apiserver_request_duration_seconds",
      help: "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
      labels: ["verb", "dry_run", ...perRequest.slice(1)],
    },
    durationBounds,
  )
  readonly #ownDurations = new Histogram(
    {
      name: "apiserver_request_sli_duration_seconds",
      help: "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.",
      labels: perRequest,
    },
    sliBounds,
  )
  readonly #sizes = new Histogram(
    {
      name: "apiserver_response_sizes",
      help: "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.",
      labels: perRequest,
    },
    exponentialBounds(1000, 10, 7),
  )
  readonly #terminations = new Counter({
    name: "apiserver_request_terminations_total",
    help: "[ALPHA] Number of requests which apiserver terminated in self-defense.",
    labels: [...perRequest, "code"],
  })
  readonly #watchLists = new Histogram(
    {
      name: "apiserver_watch_list_duration_seconds",
      help: "[BETA] Response latency distribution in seconds for watch list requests broken by group, version, resource and scope.",
      labels: ["group", "version", "resource", "scope"],
    },
    watchListBounds,
  )
  readonly #webSockets = new Counter({
    name: "apiserver_websocket_streaming_requests_total",
    help: "[ALPHA] Total number of WebSocket streaming requests (exec/attach/portforward) routed by the API server, labeled by subresource and proxy_type. proxy_type is proxied_to_kubelet when the kubelet handles the request directly; otherwise translated_at_apiserver.",
    labels: ["subresource", "proxy_type"],
  })
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
      labels: perRequest,
    },
    "gauge",
  )
  readonly #bodySizes = new Histogram(
    {
      name: "apiserver_request_body_size_bytes",
      help: "[ALPHA] Apiserver request body size in bytes broken out by resource and verb.",
      labels: ["group", "resource", "verb"],
    },
    Array.from({ length: 31 }, (_, index) => 50_000 + index * 100_000),
  )
  readonly #deprecated = new Counter(
    {
      name: "apiserver_requested_deprecated_apis",
      help: "[STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.",
      labels: ["group", "version", "resource", "subresource", "removed_release"],
    },
    "gauge",
  )

  get metrics(): readonly Metric[] {
    return [
      this.#requests,
      this.#durations,
      this.#ownDurations,
      this.#sizes,
      this.#terminations,
      this.#watchLists,
      this.#webSockets,
      this.#inflight,
      this.#longRunning,
      this.#bodySizes,
      this.#deprecated,
    ]
  }

  answered(context: RequestContext, status: number): void {
    const { request, server, startedMs } = context
    const own = labelsOf(context)
    const [verb, ...what] = own
    const dryRun = dryRunLabel(request.query.getAll("dryRun"))
    const labels = [verb!, dryRun, ...what]
    this.#requests.add(1, ...labels, String(status))
    if (verb === "WATCH") return
    const tookMs = server.clock.monotonic() - startedMs
    this.#durations.observe(tookMs / 1000, ...labels)
    if (dryRun === "") this.#ownDurations.observe(Math.max(0, tookMs - context.waitedMs) / 1000, ...own)
  }

  /** As upstream, of what was read alone. */
  told(context: RequestContext, bytes: number): void {
    this.#sizes.observe(bytes, ...labelsOf(context))
  }

  /** exec, attach or port-forward over a WebSocket, which the kubelet takes by itself or not. */
  webSocket(subresource: string, isPassedOn: boolean): void {
    this.#webSockets.add(1, subresource, isPassedOn ? "proxied_to_kubelet" : "translated_at_apiserver")
  }

  /** The server gave up on a request to protect itself. */
  terminated(context: RequestContext, code: number): void {
    this.#terminations.add(1, ...labelsOf(context), String(code))
  }

  /** A watch has been told all that there was when it began. */
  watchListed(context: RequestContext): void {
    const [, group = "", version = "", resource = "", , scope = ""] = labelsOf(context)
    const tookMs = context.server.clock.monotonic() - context.startedMs
    this.#watchLists.observe(tookMs / 1000, group, version, resource, scope)
  }

  inflight(kind: "readOnly" | "mutating", change: 1 | -1): void {
    this.#inflight.add(change, kind)
  }

  longRunning(context: RequestContext, change: 1 | -1): void {
    this.#longRunning.add(change, ...labelsOf(context))
  }

  bodyRead({ info }: RequestContext, bytes: number): void {
    if (info.isResource) this.#bodySizes.observe(bytes, info.group, info.resource, info.verb)
  }

  deprecatedAsked({ group, version, plural }: Resource, subresource: string): void {
    this.#deprecated.set(1, group, version, plural, subresource, "")
  }
}

const verbLabels: Readonly<Record<string, string>> = {
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
  post: "POST",
  put: "PUT",
}

/**
 * Only what there is makes a label: whoever asks for paths of his own invention must not fill the memory with them, nor
 * whoever comes with methods of his own.
 */
function labelsOf({ info, server }: RequestContext): string[] {
  const { group, version, resource, subresource, verb } = info
  const verbLabel = verbLabels[verb] ?? "OTHER"
  const served = info.isResource && server.resources.find(group, version, resource)
  if (!served) return [verbLabel, "", "", "", "", "", ""]
  const known = subresource === "" || isSubresource(served.resource, subresource) ? subresource : ""
  return [verbLabel, group, version, resource, known, scopeOf(info), "apiserver"]
}

function isSubresource({ hasStatus, scale, subresources }: Resource, name: string): boolean {
  if (name === "status") return hasStatus
  if (name === "scale") return scale !== undefined
  return subresources.some((each) => each.name === name)
}

function dryRunLabel(values: readonly string[]): string {
  if (values.length === 0) return ""
  return values.every((value) => value === "All") ? "All" : "invalid"
}

function scopeOf({ name, namespace }: RequestContext["info"]): string {
  if (name) return "resource"
  return namespace ? "namespace" : "cluster"
}

/** Objects by resource, under the name that dashboards of today read and the one that those of tomorrow will. */
export function objectCounts(
  counts: () => Iterable<readonly [count: number, resource: Resource]>,
): readonly Metric[] {
  const help =
    "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1."
  const deprecated =
    "[STABLE] (Deprecated since 1.34.0) [DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1."
  return [
    gauge({ name: "apiserver_storage_objects", help: deprecated, labels: ["resource"] }, function* () {
      for (const [count, resource] of counts()) yield [count, groupResource(resource)]
    }),
    gauge({ name: "apiserver_resource_objects", help, labels: ["group", "resource"] }, function* () {
      for (const [count, { group, plural }] of counts()) yield [count, group, plural]
    }),
  ]
}
