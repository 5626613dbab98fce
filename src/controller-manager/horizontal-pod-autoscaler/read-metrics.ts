/*
 * The three APIs that metrics come from; whoever installed their servers fills them: what pods use (metrics.k8s.io), numbers of
 * objects of the cluster (custom.metrics.k8s.io), numbers of other things (external.metrics.k8s.io). All values in thousandths.
 */
import type { CrossVersionObjectReference } from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import type { LabelSelector } from "../../api/meta/v1/label-selector.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import { formatLabelSelector, type Selector, selectorFromObject } from "../../apimachinery/labels.ts"
import { quantityMilliValue } from "../../apimachinery/quantity.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { Clock } from "../../base/clock.ts"
import type { Transport } from "../../client/transport.ts"
import type { KnownKinds } from "./known-kinds.ts"
import type { PodMetric, PodMetrics } from "./pod-groups.ts"
import { MetricError } from "./propose-replicas.ts"
import { messageOf } from "../../base/message-of.ts"

export interface MetricsSource {
  readonly transport: Transport
  readonly kinds: KnownKinds
  readonly clock: Clock
}

/** What the selected pods, or their containers of that name, use of a resource. Throws MetricError. */
export async function readResourceMetrics(
  { transport }: MetricsSource,
  namespace: string,
  resource: string,
  selector: Selector,
  container: string,
): Promise<PodMetrics> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`
  const query = { labelSelector: formatLabelSelector(selector) }
  const { items = [] } = await read<PodMetricsList>(transport, path, query).catch((error: unknown) =>
    fail("resource", "pods.metrics.k8s.io", error),
  )
  if (items.length === 0) throw new MetricError("no metrics returned from resource metrics API")
  const metrics = new Map<string, PodMetric>()
  for (const { metadata, timestamp, window, containers = [] } of items) {
    const counted = containers.filter(({ name }) => container === "" || name === container)
    const values = counted.map(({ usage }) => usage[resource])
    if (values.length === 0 || values.includes(undefined)) continue
    const value = values.reduce((total, each) => total + quantityMilliValue(each!), 0)
    metrics.set(metadata.name, {
      value,
      timestampMs: Date.parse(timestamp),
      windowMs: parseDuration(window),
    })
  }
  return metrics
}

/** A number of each of the selected pods. Throws MetricError. */
export async function readPodsMetric(
  source: MetricsSource,
  namespace: string,
  metric: MetricName,
  selector: Selector,
): Promise<PodMetrics> {
  const query = { labelSelector: formatLabelSelector(selector), ...metricQuery(metric) }
  const items = await readCustom(source, `namespaces/${namespace}/pods/*/${metric.name}`, query)
  return new Map(
    items.map((item) => [
      item.describedObject.name,
      {
        value: quantityMilliValue(item.value),
        timestampMs: Date.parse(item.timestamp),
        windowMs: (item.windowSeconds ?? item.window ?? defaultWindowSeconds) * 1000,
      },
    ]),
  )
}

/** A number of one object of the same namespace, or of the namespace itself. Throws MetricError. */
export async function readObjectMetric(
  source: MetricsSource,
  namespace: string,
  metric: MetricName,
  { apiVersion = "", kind, name }: CrossVersionObjectReference,
): Promise<number> {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : ""
  const isNamespace = kind === "Namespace" && group === ""
  const resource = await source.kinds
    .find(source.clock, group, kind)
    .catch((error: unknown) => fail("custom", customGroup, error))
  const path = isNamespace
    ? `namespaces/${namespace}/metrics/${metric.name}`
    : `namespaces/${namespace}/${groupResource(resource)}/${name}/${metric.name}`
  const [item] = await readCustom(source, path, metricQuery(metric))
  return quantityMilliValue(item!.value)
}

/** The sum of a number of something beside the cluster. Throws MetricError. */
export async function readExternalMetric(
  { transport }: MetricsSource,
  namespace: string,
  { name, selector }: MetricName,
): Promise<number> {
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${name}`
  const query = { labelSelector: formatLabelSelector(selectorFromObject(selector ?? {})) }
  const { items = [] } = await read<ValueList>(transport, path, query).catch((error: unknown) =>
    fail("external", `${name}.external.metrics.k8s.io`, error),
  )
  if (items.length === 0) throw new MetricError("no metrics returned from external metrics API")
  return items.reduce((total, { value }) => total + quantityMilliValue(value), 0)
}

interface MetricName {
  readonly name: string
  readonly selector?: LabelSelector | undefined
}

interface PodMetricsList {
  readonly items?: readonly {
    readonly metadata: { readonly name: string }
    readonly timestamp: string
    readonly window: string
    readonly containers?: readonly {
      readonly name: string
      readonly usage: Readonly<Record<string, string>>
    }[]
  }[]
}

/** Of both APIs, in all their versions. */
interface ValueList {
  readonly items?: readonly {
    readonly describedObject: { readonly name: string }
    readonly timestamp: string
    /** As v1beta1 calls it. */
    readonly window?: number
    readonly windowSeconds?: number
    readonly value: string
  }[]
}

const defaultWindowSeconds = 60
const customGroup = "custom.metrics.k8s.io"

async function readCustom(
  { transport, kinds, clock }: MetricsSource,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<NonNullable<ValueList["items"]>> {
  const version = (await kinds.all(clock)).find(({ group }) => group === customGroup)?.version
  if (!version)
    throw new MetricError(
      `unable to fetch metrics from custom metrics API: no custom metrics API (${customGroup}) registered`,
    )
  const { items = [] } = await read<ValueList>(
    transport,
    `/apis/${customGroup}/${version}/${path}`,
    query,
  ).catch((error: unknown) => fail("custom", customGroup, error))
  if (items.length === 0) throw new MetricError("no metrics returned from custom metrics API")
  return items
}

function metricQuery({ selector }: MetricName): Record<string, string> {
  const metricLabelSelector = formatLabelSelector(selectorFromObject(selector ?? {}))
  return metricLabelSelector === "" ? {} : { metricLabelSelector }
}

async function read<T>(
  transport: Transport,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<T> {
  const { body } = await transport.request({ method: "GET", path, query })
  return (typeof body === "string" ? JSON.parse(body) : body) as T
}

function fail(api: string, resource: string, error: unknown): never {
  const text = messageOf(error)
  const isUnknown = error instanceof StatusError && error.code === 404
  throw new MetricError(
    `unable to fetch metrics from ${api} metrics API: ${text}${isUnknown ? ` (get ${resource})` : ""}`,
  )
}
