import type { JsonValue } from "../../../apimachinery/schema.ts"
import type { Conversion } from "../../../apimachinery/resource.ts"
import type {
  HorizontalPodAutoscaler as StoredAutoscaler,
  HorizontalPodAutoscalerBehavior,
  MetricSpec,
  MetricStatus,
} from "../v2/horizontal-pod-autoscaler.ts"
import type { HorizontalPodAutoscaler } from "./horizontal-pod-autoscaler.ts"
import {
  type LegacyMetric,
  specFromLegacy,
  specToLegacy,
  statusFromLegacy,
  statusToLegacy,
} from "./legacy-metric.ts"

/**
 * v1 knows one metric, the CPU; all else that v2 can say travels in annotations, so that a client that only knows v1 can
 * read an autoscaler and write it back without loss.
 */
const annotations = {
  metrics: "autoscaling.alpha.kubernetes.io/metrics",
  currentMetrics: "autoscaling.alpha.kubernetes.io/current-metrics",
  conditions: "autoscaling.alpha.kubernetes.io/conditions",
  behavior: "autoscaling.alpha.kubernetes.io/behavior",
  toleranceScaleDown: "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
  toleranceScaleUp: "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
}

const defaultCpuUtilization = 80

type Annotations = Record<string, string>

export const horizontalPodAutoscalerConversion = {
  toStored(autoscaler: HorizontalPodAutoscaler): StoredAutoscaler {
    const { spec, status, metadata } = autoscaler
    const { targetCPUUtilizationPercentage, ...restOfSpec } = spec
    const { currentCPUUtilizationPercentage, ...restOfStatus } = status
    const carried = metadata.annotations ?? {}
    const metrics = [
      ...(read<LegacyMetric[]>(carried, annotations.metrics) ?? []).map(specFromLegacy),
      ...(targetCPUUtilizationPercentage === undefined ? [] : [cpuSpec(targetCPUUtilizationPercentage)]),
    ]
    const behavior = read<JsonValue>(carried, annotations.behavior)
    const conditions = read<StoredAutoscaler["status"]["conditions"]>(carried, annotations.conditions)
    const currentMetrics = read<LegacyMetric[]>(carried, annotations.currentMetrics)?.map(statusFromLegacy)
    return {
      ...autoscaler,
      metadata: withAnnotations(metadata, {}),
      spec: {
        ...restOfSpec,
        metrics: metrics.length > 0 ? metrics : [cpuSpec(defaultCpuUtilization)],
        ...(behavior && {
          behavior: mapKeys(behavior, lowerFirst) as unknown as HorizontalPodAutoscalerBehavior,
        }),
      },
      status: {
        ...restOfStatus,
        currentMetrics:
          currentMetrics ??
          (currentCPUUtilizationPercentage === undefined ? [] : [cpuStatus(currentCPUUtilizationPercentage)]),
        conditions,
      },
    }
  },

  fromStored(stored: StoredAutoscaler): HorizontalPodAutoscaler {
    const { spec, status, metadata } = stored
    const { metrics = [], behavior, ...restOfSpec } = spec
    const { conditions = [], ...restOfStatus } = status
    // Written as null while nothing was measured.
    const currentMetrics = status.currentMetrics ?? []
    const cpu = metrics.find(isCpuUtilization)
    const others = metrics.filter((metric) => !isCpuUtilization(metric)).map(specToLegacy)
    const currentCpu = currentMetrics.findLast(
      ({ type, resource }) =>
        type === "Resource" && resource?.name === "cpu" && resource.current.averageUtilization !== undefined,
    )
    const carried: Annotations = {
      ...(others.length > 0 && { [annotations.metrics]: JSON.stringify(others) }),
      ...(currentMetrics.length > 0 && {
        [annotations.currentMetrics]: JSON.stringify(currentMetrics.map(statusToLegacy)),
      }),
      ...(behavior && {
        [annotations.behavior]: JSON.stringify(mapKeys(behavior, upperFirst)),
      }),
      ...(conditions.length > 0 && { [annotations.conditions]: JSON.stringify(conditions) }),
    }
    return {
      ...stored,
      metadata: withAnnotations(metadata, carried),
      spec: { ...restOfSpec, targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization },
      status: {
        ...restOfStatus,
        currentReplicas: restOfStatus.currentReplicas ?? 0,
        currentCPUUtilizationPercentage: currentCpu?.resource?.current.averageUtilization,
      },
    }
  },
} satisfies Conversion<HorizontalPodAutoscaler>

/** Those that the user wrote, and `carried` in place of what may have been carried before. */
function withAnnotations<T extends { annotations?: Annotations | undefined }>(
  metadata: T,
  carried: Annotations,
): T {
  const all: Annotations = { ...metadata.annotations, ...carried }
  for (const name of Object.values(annotations)) if (!(name in carried)) delete all[name]
  const { annotations: _before, ...rest } = metadata
  return { ...rest, ...(Object.keys(all).length > 0 && { annotations: all }) } as T
}

/** Undefined too for what cannot be read: people can write annotations. */
function read<T>(carried: Annotations, name: string): T | undefined {
  const text = carried[name]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

function cpuSpec(averageUtilization: number): MetricSpec {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } }
}

function cpuStatus(averageUtilization: number): MetricStatus {
  return { type: "Resource", resource: { name: "cpu", current: { averageUtilization } } }
}

function isCpuUtilization({ type, resource }: MetricSpec): boolean {
  return type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined
}

// Upstream writes the behavior with Go's field names.
const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)
const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

function mapKeys(value: JsonValue, rename: (name: string) => string): JsonValue {
  if (Array.isArray(value)) return value.map((each) => mapKeys(each, rename))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [rename(name), mapKeys(each, rename)]),
  )
}
