import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  int64,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { horizontalPodAutoscalerColumns } from "../v2/horizontal-pod-autoscaler-columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { horizontalPodAutoscalerConversion } from "./horizontal-pod-autoscaler-conversion.ts"

export const CrossVersionObjectReference = message(
  "io.k8s.api.autoscaling.v1.CrossVersionObjectReference",
  {
    kind: always(1, string, { required: true }),
    name: always(2, string, { required: true }),
    apiVersion: field(3, string),
  },
  { atomic: true },
)
export interface CrossVersionObjectReference extends Infer<typeof CrossVersionObjectReference> {}

export const HorizontalPodAutoscalerSpec = message("io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec", {
  scaleTargetRef: always(1, CrossVersionObjectReference, { required: true }),
  minReplicas: optional(2, int32, { default: 1 }),
  maxReplicas: always(3, int32, { required: true }),
  targetCPUUtilizationPercentage: optional(4, int32),
})
export interface HorizontalPodAutoscalerSpec extends Infer<typeof HorizontalPodAutoscalerSpec> {}

export const HorizontalPodAutoscalerStatus = message(
  "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus",
  {
    observedGeneration: optional(1, int64),
    lastScaleTime: optional(2, time),
    currentReplicas: always(3, int32, { required: true }),
    desiredReplicas: always(4, int32, { required: true }),
    currentCPUUtilizationPercentage: optional(5, int32),
  },
)
export interface HorizontalPodAutoscalerStatus extends Infer<typeof HorizontalPodAutoscalerStatus> {}

export const HorizontalPodAutoscalerSchema = message("io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler", {
  ...objectFields,
  spec: always(2, HorizontalPodAutoscalerSpec, { required: true }),
  status: always(3, HorizontalPodAutoscalerStatus),
})
/** Sets the number of replicas by what the pods use. */
export interface HorizontalPodAutoscaler extends Infer<typeof HorizontalPodAutoscalerSchema> {}

export const HorizontalPodAutoscaler = resource<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  namespaced: true,
  shortNames: ["hpa"],
  categories: ["all"],
  hasStatus: true,
  storedAs: { group: "autoscaling", version: "v2" },
  conversion: horizontalPodAutoscalerConversion,
  columns: horizontalPodAutoscalerColumns.map((column) => ({
    ...column,
    cell: (autoscaler, now) => column.cell(horizontalPodAutoscalerConversion.toStored(autoscaler), now),
  })),
  schema: HorizontalPodAutoscalerSchema,
})
