import type { Column } from "../../../apimachinery/resource.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from "./horizontal-pod-autoscaler.ts"

const mostMetrics = 2
const unknown = "<unknown>"

export const horizontalPodAutoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  column(
    "Reference",
    "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.",
    ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
  ),
  column("Targets", textOf("autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics"), formatMetrics),
  column("MinPods", textOf("autoscaling.v1.HorizontalPodAutoscalerSpec", "minReplicas"), ({ spec }) =>
    String(spec.minReplicas ?? "<unset>"),
  ),
  column(
    "MaxPods",
    textOf("autoscaling.v2.HorizontalPodAutoscalerSpec", "maxReplicas"),
    ({ spec }) => spec.maxReplicas,
  ),
  column(
    "Replicas",
    textOf("autoscaling.v2.HorizontalPodAutoscalerStatus", "currentReplicas"),
    ({ status }) => status.currentReplicas ?? 0,
  ),
  ageColumn,
]

function formatMetrics({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? []
  if (metrics.length === 0) return "<none>"
  const texts = metrics.map((metric, index) => formatMetric(metric, status.currentMetrics?.[index]))
  const shown = texts.slice(0, mostMetrics).join(", ")
  return texts.length > mostMetrics ? `${shown} + ${texts.length - mostMetrics} more...` : shown
}

function formatMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return formatTotalOrAverage(spec.external?.target, status?.external?.current)
    case "Object":
      return formatTotalOrAverage(spec.object?.target, status?.object?.current)
    case "Pods":
      return `${status?.pods?.current.averageValue ?? unknown}/${spec.pods?.target.averageValue}`
    case "Resource":
      return formatResource(spec.resource, status?.resource?.current)
    case "ContainerResource":
      return formatResource(spec.containerResource, status?.containerResource?.current)
    default:
      return "<unknown type>"
  }
}

type Target = NonNullable<MetricSpec["resource"]>["target"]
type Current = NonNullable<MetricStatus["resource"]>["current"]

function formatTotalOrAverage(target: Target | undefined, current: Current | undefined): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`
  }
  return `${current?.value ?? unknown}/${target?.value}`
}

function formatResource(resource: MetricSpec["resource"], current: Current | undefined): string {
  const { name = "", target } = resource ?? {}
  if (target?.averageValue !== undefined) {
    return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`
  }
  const percent = (value: number | undefined, otherwise: string) =>
    value === undefined ? otherwise : `${value}%`
  return `${name}: ${percent(current?.averageUtilization, unknown)}/${percent(target?.averageUtilization, "<auto>")}`
}
