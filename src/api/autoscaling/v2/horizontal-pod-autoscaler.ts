import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  quantity,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { horizontalPodAutoscalerColumns } from "./horizontal-pod-autoscaler-columns.ts"

export const CrossVersionObjectReference = message("io.k8s.api.autoscaling.v2.CrossVersionObjectReference", {
  kind: always(1, string, { required: true }),
  name: always(2, string, { required: true }),
  apiVersion: field(3, string),
})
export interface CrossVersionObjectReference extends Infer<typeof CrossVersionObjectReference> {}

export const MetricTarget = message("io.k8s.api.autoscaling.v2.MetricTarget", {
  type: always(1, string, { required: true }),
  value: optional(2, quantity),
  averageValue: optional(3, quantity),
  averageUtilization: optional(4, int32),
})
export interface MetricTarget extends Infer<typeof MetricTarget> {}

export const MetricIdentifier = message("io.k8s.api.autoscaling.v2.MetricIdentifier", {
  name: always(1, string, { required: true }),
  selector: optional(2, LabelSelector),
})
export interface MetricIdentifier extends Infer<typeof MetricIdentifier> {}

export const ObjectMetricSource = message("io.k8s.api.autoscaling.v2.ObjectMetricSource", {
  describedObject: always(1, CrossVersionObjectReference, { required: true }),
  target: always(2, MetricTarget, { required: true }),
  metric: always(3, MetricIdentifier, { required: true }),
})
export interface ObjectMetricSource extends Infer<typeof ObjectMetricSource> {}

export const PodsMetricSource = message("io.k8s.api.autoscaling.v2.PodsMetricSource", {
  metric: always(1, MetricIdentifier, { required: true }),
  target: always(2, MetricTarget, { required: true }),
})
export interface PodsMetricSource extends Infer<typeof PodsMetricSource> {}

export const ResourceMetricSource = message("io.k8s.api.autoscaling.v2.ResourceMetricSource", {
  name: always(1, string, { required: true }),
  target: always(2, MetricTarget, { required: true }),
})
export interface ResourceMetricSource extends Infer<typeof ResourceMetricSource> {}

export const ContainerResourceMetricSource = message(
  "io.k8s.api.autoscaling.v2.ContainerResourceMetricSource",
  {
    name: always(1, string, { required: true }),
    target: always(2, MetricTarget, { required: true }),
    container: always(3, string, { required: true }),
  },
)
export interface ContainerResourceMetricSource extends Infer<typeof ContainerResourceMetricSource> {}

export const ExternalMetricSource = message("io.k8s.api.autoscaling.v2.ExternalMetricSource", {
  metric: always(1, MetricIdentifier, { required: true }),
  target: always(2, MetricTarget, { required: true }),
})
export interface ExternalMetricSource extends Infer<typeof ExternalMetricSource> {}

export const MetricSpec = message("io.k8s.api.autoscaling.v2.MetricSpec", {
  type: always(1, string, { required: true }),
  object: optional(2, ObjectMetricSource),
  pods: optional(3, PodsMetricSource),
  resource: optional(4, ResourceMetricSource),
  containerResource: optional(7, ContainerResourceMetricSource),
  external: optional(5, ExternalMetricSource),
})
export interface MetricSpec extends Infer<typeof MetricSpec> {}

export const HPAScalingPolicy = message("io.k8s.api.autoscaling.v2.HPAScalingPolicy", {
  type: always(1, string, { required: true }),
  value: always(2, int32, { required: true }),
  periodSeconds: always(3, int32, { required: true }),
})
export interface HPAScalingPolicy extends Infer<typeof HPAScalingPolicy> {}

export const HPAScalingRules = message("io.k8s.api.autoscaling.v2.HPAScalingRules", {
  stabilizationWindowSeconds: optional(3, int32),
  selectPolicy: optional(1, string),
  policies: field(2, list(HPAScalingPolicy)),
  tolerance: optional(4, quantity),
})
export interface HPAScalingRules extends Infer<typeof HPAScalingRules> {}

export const HorizontalPodAutoscalerBehavior = message(
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior",
  {
    scaleUp: optional(1, HPAScalingRules),
    scaleDown: optional(2, HPAScalingRules),
  },
)
export interface HorizontalPodAutoscalerBehavior extends Infer<typeof HorizontalPodAutoscalerBehavior> {}

export const HorizontalPodAutoscalerSpec = message(
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec",
  {
    scaleTargetRef: always(1, CrossVersionObjectReference, { required: true }),
    minReplicas: optional(2, int32, { default: 1 }),
    maxReplicas: always(3, int32, { required: true }),
    metrics: field(4, list(MetricSpec)),
    behavior: optional(5, HorizontalPodAutoscalerBehavior),
  },
  { applyDefaults: (spec) => defaultHorizontalPodAutoscalerSpec(spec) },
)
export interface HorizontalPodAutoscalerSpec extends Infer<typeof HorizontalPodAutoscalerSpec> {}

export const MetricValueStatus = message("io.k8s.api.autoscaling.v2.MetricValueStatus", {
  value: optional(1, quantity),
  averageValue: optional(2, quantity),
  averageUtilization: optional(3, int32),
})
export interface MetricValueStatus extends Infer<typeof MetricValueStatus> {}

export const ObjectMetricStatus = message("io.k8s.api.autoscaling.v2.ObjectMetricStatus", {
  metric: always(1, MetricIdentifier, { required: true }),
  current: always(2, MetricValueStatus, { required: true }),
  describedObject: always(3, CrossVersionObjectReference, { required: true }),
})
export interface ObjectMetricStatus extends Infer<typeof ObjectMetricStatus> {}

export const PodsMetricStatus = message("io.k8s.api.autoscaling.v2.PodsMetricStatus", {
  metric: always(1, MetricIdentifier, { required: true }),
  current: always(2, MetricValueStatus, { required: true }),
})
export interface PodsMetricStatus extends Infer<typeof PodsMetricStatus> {}

export const ResourceMetricStatus = message("io.k8s.api.autoscaling.v2.ResourceMetricStatus", {
  name: always(1, string, { required: true }),
  current: always(2, MetricValueStatus, { required: true }),
})
export interface ResourceMetricStatus extends Infer<typeof ResourceMetricStatus> {}

export const ContainerResourceMetricStatus = message(
  "io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus",
  {
    name: always(1, string, { required: true }),
    current: always(2, MetricValueStatus, { required: true }),
    container: always(3, string, { required: true }),
  },
)
export interface ContainerResourceMetricStatus extends Infer<typeof ContainerResourceMetricStatus> {}

export const ExternalMetricStatus = message("io.k8s.api.autoscaling.v2.ExternalMetricStatus", {
  metric: always(1, MetricIdentifier, { required: true }),
  current: always(2, MetricValueStatus, { required: true }),
})
export interface ExternalMetricStatus extends Infer<typeof ExternalMetricStatus> {}

export const MetricStatus = message("io.k8s.api.autoscaling.v2.MetricStatus", {
  type: always(1, string, { required: true }),
  object: optional(2, ObjectMetricStatus),
  pods: optional(3, PodsMetricStatus),
  resource: optional(4, ResourceMetricStatus),
  containerResource: optional(7, ContainerResourceMetricStatus),
  external: optional(5, ExternalMetricStatus),
})
export interface MetricStatus extends Infer<typeof MetricStatus> {}

export const HorizontalPodAutoscalerCondition = message(
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition",
  {
    type: always(1, string, { required: true }),
    status: always(2, string, { required: true }),
    lastTransitionTime: always(3, time),
    reason: field(4, string),
    message: field(5, string),
  },
)
export interface HorizontalPodAutoscalerCondition extends Infer<typeof HorizontalPodAutoscalerCondition> {}

export const HorizontalPodAutoscalerStatus = message(
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus",
  {
    observedGeneration: optional(1, int64),
    lastScaleTime: optional(2, time),
    currentReplicas: field(3, int32),
    desiredReplicas: always(4, int32, { required: true }),
    currentMetrics: always(5, list(MetricStatus)),
    conditions: field(6, list(HorizontalPodAutoscalerCondition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
  },
)
export interface HorizontalPodAutoscalerStatus extends Infer<typeof HorizontalPodAutoscalerStatus> {}

export const HorizontalPodAutoscalerSchema = message("io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", {
  ...objectFields,
  spec: always(2, HorizontalPodAutoscalerSpec, { required: true }),
  status: always(3, HorizontalPodAutoscalerStatus),
})
/** Sets the number of replicas by what the pods use. */
export interface HorizontalPodAutoscaler extends Infer<typeof HorizontalPodAutoscalerSchema> {}

export const HorizontalPodAutoscaler = resource<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  namespaced: true,
  shortNames: ["hpa"],
  categories: ["all"],
  hasStatus: true,
  columns: horizontalPodAutoscalerColumns,
  schema: HorizontalPodAutoscalerSchema,
})

const cpuUtilization = { type: "Utilization", averageUtilization: 80 } as const

function defaultHorizontalPodAutoscalerSpec(spec: HorizontalPodAutoscalerSpec): void {
  if (!spec.metrics?.length)
    spec.metrics = [{ type: "Resource", resource: { name: "cpu", target: cpuUtilization } }]
  const { behavior } = spec
  if (!behavior) return
  const percent: HPAScalingPolicy = { type: "Percent", value: 100, periodSeconds: 15 }
  const pods: HPAScalingPolicy = { type: "Pods", value: 4, periodSeconds: 15 }
  behavior.scaleUp = {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [pods, percent],
    ...behavior.scaleUp,
  }
  // Its window is left open: the controller's own setting holds then.
  behavior.scaleDown = { selectPolicy: "Max", policies: [percent], ...behavior.scaleDown }
}
