import type {
  ContainerResourceMetricSource,
  ExternalMetricSource,
  HorizontalPodAutoscalerBehavior,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  ObjectMetricSource,
  PodsMetricSource,
} from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { LabelSelector } from "../../api/meta/v1/label-selector.ts"
import { printLabelSelector } from "../../api/meta/v1/print-label-selector.ts"
import type { Selector } from "../../apimachinery/labels.ts"
import { formatQuantity, quantityFromNumber, quantityMilliValue } from "../../apimachinery/quantity.ts"
import { requestsOf } from "./pod-requests.ts"
import {
  measureAverage,
  measureUtilization,
  MetricError,
  proposeForPods,
  proposeForShare,
  proposeForValue,
  type Tolerances,
} from "./propose-replicas.ts"
import {
  type MetricsSource,
  readExternalMetric,
  readObjectMetric,
  readPodsMetric,
  readResourceMetrics,
} from "./read-metrics.ts"

/** What is scaled, as it is now. */
export interface Target {
  readonly namespace: string
  readonly selector: Selector
  readonly pods: readonly Pod[]
  readonly specReplicas: number
  readonly statusReplicas: number
  readonly tolerances: Tolerances
  readonly nowMs: number
}

export type Evaluation =
  | { readonly ok: true; readonly replicas: number; readonly name: string; readonly status: MetricStatus }
  | {
      readonly ok: false
      /** Of the condition and the event: "FailedGetResourceMetric". */
      readonly reason: string
      readonly message: string
      /** The same, as part of a longer text. */
      readonly error: string
    }

/** Ten percent, as upstream's --horizontal-pod-autoscaler-tolerance, unless the autoscaler says otherwise. */
export function tolerancesOf(behavior: HorizontalPodAutoscalerBehavior | undefined): Tolerances {
  const of = (tolerance: string | number | undefined) =>
    tolerance === undefined ? 0.1 : quantityMilliValue(tolerance) / 1000
  return { up: of(behavior?.scaleUp?.tolerance), down: of(behavior?.scaleDown?.tolerance) }
}

/** Asks for one metric and what it means for the number of replicas. */
export async function evaluateMetric(
  source: MetricsSource,
  target: Target,
  spec: MetricSpec,
): Promise<Evaluation> {
  const { failure, prefix, evaluate } = evaluatorOf(source, target, spec)
  try {
    return { ok: true, ...(await evaluate()) }
  } catch (error) {
    if (!(error instanceof MetricError)) throw error
    return { ok: false, reason: failure, message: error.message, error: `${prefix}: ${error.message}` }
  }
}

interface Evaluator {
  readonly failure: string
  readonly prefix: string
  evaluate(): Promise<{ replicas: number; name: string; status: MetricStatus }>
}

function evaluatorOf(source: MetricsSource, target: Target, spec: MetricSpec): Evaluator {
  const { type, object, pods, resource, containerResource, external } = spec
  if (object)
    return {
      failure: "FailedGetObjectMetric",
      prefix: "failed to get object metric value",
      evaluate: () => evaluateObject(source, target, object),
    }
  if (pods)
    return {
      failure: "FailedGetPodsMetric",
      prefix: "failed to get pods metric value",
      evaluate: () => evaluatePods(source, target, pods),
    }
  if (resource)
    return {
      failure: "FailedGetResourceMetric",
      prefix: `failed to get ${resource.name} resource metric value`,
      async evaluate() {
        const { current, ...rest } = await evaluateUse(source, target, { ...resource, container: "" })
        return { ...rest, status: { type, resource: { name: resource.name, current } } }
      },
    }
  if (containerResource)
    return {
      failure: "FailedGetContainerResourceMetric",
      prefix: `failed to get ${containerResource.container} container metric value`,
      async evaluate() {
        const { current, ...rest } = await evaluateUse(source, target, containerResource)
        const { name, container } = containerResource
        return { ...rest, status: { type, containerResource: { name, container, current } } }
      },
    }
  if (external)
    return {
      failure: "FailedGetExternalMetric",
      prefix: `failed to get ${external.metric.name} external metric value`,
      evaluate: () => evaluateExternal(source, target, external),
    }
  return {
    failure: "InvalidMetricSourceType",
    prefix: "invalid metric",
    evaluate: () => Promise.reject(new MetricError(`unknown metric source type "${type}"`)),
  }
}

/** Of CPU or memory; `container` is empty for the whole pod. */
async function evaluateUse(
  source: MetricsSource,
  target: Target,
  { name, container, target: wanted }: ContainerResourceMetricSource,
): Promise<{ replicas: number; name: string; current: MetricValueStatus }> {
  const { averageValue, averageUtilization } = wanted
  if (averageValue === undefined && averageUtilization === undefined)
    throw new MetricError(
      "invalid resource metric source: neither an average utilization target nor an average value target was set",
    )
  const what = averageValue === undefined ? "utilization" : "usage"
  try {
    const metrics = await readResourceMetrics(
      source,
      target.namespace,
      name,
      target.selector,
      container,
    ).catch((error: unknown) => rethrow(`unable to get metrics for resource ${name}`, error))
    const question = { ...target, currentReplicas: target.specReplicas, metrics, isCpu: name === "cpu" }
    if (averageValue !== undefined) {
      const perPod = quantityMilliValue(averageValue)
      const { replicas, usage } = proposeForPods({
        ...question,
        measure: (counted) => measureAverage(counted, perPod),
        assumedValue: () => perPod,
      })
      return { replicas, name: `${name} resource`, current: { averageValue: amount(usage.average, name) } }
    }
    const percent = averageUtilization!
    let requests: ReadonlyMap<string, number> | undefined
    const requested = () => (requests ??= requestsOf(target.pods, name, container))
    const { replicas, usage } = proposeForPods({
      ...question,
      measure: (counted) => measureUtilization(counted, requested(), percent),
      assumedValue: (pod) => ((requested().get(pod) ?? 0) * Math.max(100, percent)) / 100,
    })
    return {
      replicas,
      name: `${name} ${container && "container "}resource utilization (percentage of request)`,
      current: { averageUtilization: usage.utilization, averageValue: amount(usage.average, name) },
    }
  } catch (error) {
    return rethrow(`failed to get ${name} ${what}`, error)
  }
}

async function evaluatePods(
  source: MetricsSource,
  target: Target,
  { metric, target: wanted }: PodsMetricSource,
) {
  const metrics = await readPodsMetric(source, target.namespace, metric, target.selector).catch(
    (error: unknown) => rethrow(`unable to get metric ${metric.name}`, error),
  )
  const perPod = quantityMilliValue(wanted.averageValue ?? "0")
  const { replicas, usage } = proposeForPods({
    ...target,
    currentReplicas: target.specReplicas,
    metrics,
    isCpu: false,
    measure: (counted) => measureAverage(counted, perPod),
    assumedValue: () => perPod,
  })
  const status = { type: "Pods", pods: { metric, current: { averageValue: amount(usage.average) } } }
  return { replicas, name: `pods metric ${metric.name}`, status }
}

async function evaluateObject(source: MetricsSource, target: Target, spec: ObjectMetricSource) {
  const { metric, describedObject, target: wanted } = spec
  const { kind, name } = describedObject
  const read = () =>
    readObjectMetric(source, target.namespace, metric, describedObject).catch((error: unknown) => {
      if (!(error instanceof MetricError)) throw error
      // In the order of upstream's text, which has them mixed up.
      const where = `${kind} on ${target.namespace} ${name}`
      throw new MetricError(`unable to get metric ${metric.name}: ${where}/${error.message}`)
    })
  const { replicas, current, isAverage } = await evaluateValue(target, wanted, read, {
    missing: "invalid object metric source: neither a value target nor an average value target was set",
    average: `failed to get ${metric.name} object metric`,
    value: "",
  })
  return {
    replicas,
    name: isAverage ? externalName(metric) : `${kind} metric ${metric.name}`,
    status: { type: "Object", object: { describedObject, metric, current } },
  }
}

async function evaluateExternal(
  source: MetricsSource,
  target: Target,
  { metric, target: wanted }: ExternalMetricSource,
) {
  const read = () =>
    readExternalMetric(source, target.namespace, metric).catch((error: unknown) =>
      rethrow(
        `unable to get external metric ${target.namespace}/${metric.name}/${printLabelSelector(metric.selector)}`,
        error,
      ),
    )
  const { replicas, current } = await evaluateValue(target, wanted, read, {
    missing: "invalid external metric source: neither a value target nor an average value target was set",
    average: `failed to get ${metric.name} external metric`,
    value: `failed to get external metric ${metric.name}`,
  })
  return { replicas, name: externalName(metric), status: { type: "External", external: { metric, current } } }
}

/** A number that belongs to all pods together, held against a target for all or for each. */
async function evaluateValue(
  target: Target,
  { value: wantedValue, averageValue: wantedAverage }: MetricTarget,
  read: () => Promise<number>,
  failures: { readonly missing: string; readonly average: string; readonly value: string },
): Promise<{ replicas: number; current: MetricValueStatus; isAverage: boolean }> {
  const isAverage = wantedAverage !== undefined
  if (!isAverage && wantedValue === undefined) throw new MetricError(failures.missing)
  try {
    const value = await read()
    if (isAverage) {
      const { replicas, usage } = proposeForShare({
        ...target,
        value,
        target: quantityMilliValue(wantedAverage),
      })
      return { replicas, isAverage, current: { averageValue: amount(usage.average) } }
    }
    const { replicas, usage } = proposeForValue({
      ...target,
      currentReplicas: target.specReplicas,
      value,
      target: quantityMilliValue(wantedValue!),
    })
    return { replicas, isAverage, current: { value: amount(usage.average) } }
  } catch (error) {
    return rethrow(isAverage ? failures.average : failures.value, error)
  }
}

/** From thousandths; memory is written in powers of 1024, as by who measures it. */
function amount(milli: number, resource = ""): string {
  const format = resource === "memory" ? "BinarySI" : "DecimalSI"
  return formatQuantity(quantityFromNumber(milli, format, "milli"))
}

function rethrow(prefix: string, error: unknown): never {
  if (!(error instanceof MetricError) || prefix === "") throw error
  throw new MetricError(`${prefix}: ${error.message}`)
}

function externalName({
  name,
  selector,
}: {
  readonly name: string
  readonly selector?: LabelSelector | undefined
}) {
  return `external metric ${name}(${printLabelSelector(selector)})`
}
