import type { Infer, quantity } from "../../../apimachinery/schema.ts"
import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
} from "../v2/horizontal-pod-autoscaler.ts"

type Amount = Infer<typeof quantity>

/** A metric in the form that only lives in v1's annotations; targets and current values have the same shape. */
export interface LegacyMetric {
  readonly type: string
  readonly object?: LegacyObjectMetric
  readonly pods?: LegacyNamedMetric
  readonly resource?: LegacyResourceMetric
  readonly containerResource?: LegacyResourceMetric
  readonly external?: LegacyExternalMetric
}

interface LegacyNamedMetric {
  readonly metricName: string
  readonly selector?: LabelSelector | undefined
  readonly targetAverageValue?: Amount
  readonly currentAverageValue?: Amount
}

interface LegacyObjectMetric {
  readonly target: CrossVersionObjectReference
  readonly metricName: string
  readonly selector?: LabelSelector | undefined
  readonly targetValue?: Amount
  readonly currentValue?: Amount
  readonly averageValue?: Amount | undefined
}

interface LegacyResourceMetric {
  readonly name: string
  readonly container?: string
  readonly targetAverageUtilization?: number | undefined
  readonly targetAverageValue?: Amount | undefined
  readonly currentAverageUtilization?: number | undefined
  readonly currentAverageValue?: Amount | undefined
}

interface LegacyExternalMetric {
  readonly metricName: string
  readonly metricSelector?: LabelSelector | undefined
  readonly targetValue?: Amount | undefined
  readonly targetAverageValue?: Amount | undefined
  readonly currentValue?: Amount
  readonly currentAverageValue?: Amount | undefined
}

const zero = "0"

export function specToLegacy({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: MetricSpec): LegacyMetric {
  return {
    type,
    ...(object && {
      object: {
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? zero,
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      },
    }),
    ...(pods && {
      pods: {
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? zero,
        selector: pods.metric.selector,
      },
    }),
    ...(resource && { resource: resourceToLegacy(resource) }),
    ...(containerResource && {
      containerResource: { ...resourceToLegacy(containerResource), container: containerResource.container },
    }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      },
    }),
  }
}

function resourceToLegacy({ name, target }: NonNullable<MetricSpec["resource"]>): LegacyResourceMetric {
  return {
    name,
    targetAverageUtilization: target.averageUtilization,
    targetAverageValue: target.averageValue,
  }
}

export function specFromLegacy({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: LegacyMetric): MetricSpec {
  return {
    type,
    ...(object && { object: objectFromLegacy(object) }),
    ...(pods && {
      pods: {
        metric: { name: pods.metricName, selector: pods.selector },
        target: { type: "AverageValue", averageValue: pods.targetAverageValue },
      },
    }),
    ...(resource && { resource: resourceFromLegacy(resource) }),
    ...(containerResource && {
      containerResource: {
        ...resourceFromLegacy(containerResource),
        container: containerResource.container ?? "",
      },
    }),
    ...(external && {
      external: {
        metric: { name: external.metricName, selector: external.metricSelector },
        target: {
          type: external.targetValue === undefined ? "AverageValue" : "Value",
          value: external.targetValue,
          averageValue: external.targetAverageValue,
        },
      },
    }),
  }
}

function objectFromLegacy(object: LegacyObjectMetric): NonNullable<MetricSpec["object"]> {
  const { averageValue, targetValue } = object
  const isAverage = averageValue !== undefined
  return {
    describedObject: object.target,
    metric: { name: object.metricName, selector: object.selector },
    target: {
      type: isAverage ? "AverageValue" : "Value",
      // v1 cannot leave the value out; for an average its zero means nothing.
      value: isAverage && Number(targetValue ?? 0) === 0 ? undefined : targetValue,
      averageValue,
    },
  }
}

function resourceFromLegacy(resource: LegacyResourceMetric): NonNullable<MetricSpec["resource"]> {
  const { name, targetAverageUtilization, targetAverageValue } = resource
  return {
    name,
    target: {
      type: targetAverageUtilization === undefined ? "AverageValue" : "Utilization",
      averageValue: targetAverageValue,
      averageUtilization: targetAverageUtilization,
    },
  }
}

export function statusToLegacy({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: MetricStatus): LegacyMetric {
  return {
    type,
    ...(object && {
      object: {
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? zero,
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      },
    }),
    ...(pods && {
      pods: {
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? zero,
        selector: pods.metric.selector,
      },
    }),
    ...(resource && { resource: currentToLegacy(resource) }),
    ...(containerResource && {
      containerResource: { ...currentToLegacy(containerResource), container: containerResource.container },
    }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? zero,
        currentAverageValue: external.current.averageValue,
      },
    }),
  }
}

function currentToLegacy({ name, current }: NonNullable<MetricStatus["resource"]>): LegacyResourceMetric {
  return {
    name,
    currentAverageUtilization: current.averageUtilization,
    currentAverageValue: current.averageValue ?? zero,
  }
}

export function statusFromLegacy({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: LegacyMetric): MetricStatus {
  return {
    type,
    ...(object && {
      object: {
        describedObject: object.target,
        metric: { name: object.metricName, selector: object.selector },
        current: { value: object.currentValue, averageValue: object.averageValue },
      },
    }),
    ...(pods && {
      pods: {
        metric: { name: pods.metricName, selector: pods.selector },
        current: { averageValue: pods.currentAverageValue },
      },
    }),
    ...(resource && { resource: currentFromLegacy(resource) }),
    ...(containerResource && {
      containerResource: {
        ...currentFromLegacy(containerResource),
        container: containerResource.container ?? "",
      },
    }),
    ...(external && {
      external: {
        metric: { name: external.metricName, selector: external.metricSelector },
        current: { value: external.currentValue, averageValue: external.currentAverageValue },
      },
    }),
  }
}

function currentFromLegacy(resource: LegacyResourceMetric): NonNullable<MetricStatus["resource"]> {
  const { name, currentAverageUtilization, currentAverageValue } = resource
  return {
    name,
    current: { averageValue: currentAverageValue, averageUtilization: currentAverageUtilization },
  }
}
