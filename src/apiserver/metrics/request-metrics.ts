import { Counter, gauge, Histogram, type Metric } from "../../base/metrics.ts"
import type { RequestContext } from "../context.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"

const perRequest = ["verb", "group", "version", "resource", "subresource", "scope", "component"]

/** Seconds, as upstream's. */
export const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

/** Requests as they come and go, under upstream's names. */
export class RequestMetrics {
  readonly #requests = new Counter({
    name: "apiserver_request_total",
    help: "Requests that were answered, by what they asked for and the code of the answer.",
    labels: ["verb", "dry_run", ...perRequest.slice(1), "code"],
  })
  readonly #durations = new Histogram(
    {
      name: "apiserver_request_duration_seconds",
      help: "How long requests took to be answered. Watches and other streams do not count.",
      labels: ["verb", "dry_run", ...perRequest.slice(1)],
    },
    durationBounds,
  )
  readonly #inflight = new Counter(
    {
      name: "apiserver_current_inflight_requests",
      help: "Requests under way, by whether they may change something.",
      labels: ["request_kind"],
    },
    "gauge",
  )
  readonly #longRunning = new Counter(
    {
      name: "apiserver_longrunning_requests",
      help: "Watches and other streams that are open.",
      labels: perRequest,
    },
    "gauge",
  )
  readonly #bodySizes = new Histogram(
    {
      name: "apiserver_request_body_size_bytes",
      help: "Sizes of request bodies.",
      labels: ["group", "resource", "verb"],
    },
    Array.from({ length: 31 }, (_, index) => 50_000 + index * 100_000),
  )
  readonly #deprecated = new Counter(
    {
      name: "apiserver_requested_deprecated_apis",
      help: "Deprecated resources that were asked for.",
      labels: ["group", "version", "resource", "subresource", "removed_release"],
    },
    "gauge",
  )

  get metrics(): readonly Metric[] {
    return [
      this.#requests,
      this.#durations,
      this.#durations.under("apiserver_request_sli_duration_seconds", "As above; nothing is taken off."),
      this.#inflight,
      this.#longRunning,
      this.#bodySizes,
      this.#deprecated,
    ]
  }

  answered(context: RequestContext, status: number): void {
    const { request, server, startedMs } = context
    const [verb, ...what] = labelsOf(context)
    const labels = [verb!, dryRunLabel(request.query.getAll("dryRun")), ...what]
    this.#requests.add(1, ...labels, String(status))
    if (verb !== "WATCH") this.#durations.observe((server.clock.monotonic() - startedMs) / 1000, ...labels)
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
  const help = "Objects that are stored."
  return [
    gauge({ name: "apiserver_storage_objects", help, labels: ["resource"] }, function* () {
      for (const [count, resource] of counts()) yield [count, groupResource(resource)]
    }),
    gauge({ name: "apiserver_resource_objects", help, labels: ["group", "resource"] }, function* () {
      for (const [count, { group, plural }] of counts()) yield [count, group, plural]
    }),
  ]
}
