import { addQuantities, formatQuantity, parseQuantity, zeroQuantity } from "../../../apimachinery/quantity.ts"
import { resource } from "../../../apimachinery/resource.ts"
import { always, duration, type Infer, list, message, string, time } from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { Usage, usageColumns } from "./usage.ts"

export const ContainerMetrics = message("io.k8s.metrics.pkg.apis.metrics.v1beta1.ContainerMetrics", {
  name: always(1, string, { required: true }),
  usage: always(2, Usage, { required: true }),
})
export interface ContainerMetrics extends Infer<typeof ContainerMetrics> {}

export const PodMetricsSchema = message("io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics", {
  ...objectFields,
  timestamp: always(2, time, { required: true }),
  window: always(3, duration, { required: true }),
  containers: always(4, list(ContainerMetrics, { keys: ["name"] }), { required: true }),
})
/** What a pod's containers use. Not among the built-in kinds: whoever measures serves it. */
export interface PodMetrics extends Infer<typeof PodMetricsSchema> {}

export const PodMetrics = resource<PodMetrics>({
  group: "metrics.k8s.io",
  version: "v1beta1",
  kind: "PodMetrics",
  plural: "pods",
  singular: "",
  namespaced: true,
  verbs: ["get", "list"],
  storagePrefix: "metrics.k8s.io/pods",
  columns: usageColumns<PodMetrics>(totalUsage),
  schema: PodMetricsSchema,
})

function totalUsage({ containers = [] }: PodMetrics): Usage {
  const sum = (name: string) =>
    containers
      .map(({ usage }) => parseQuantity((usage as Usage)[name] ?? "0"))
      .reduce(addQuantities, zeroQuantity)
  return { cpu: formatQuantity(sum("cpu")), memory: formatQuantity(sum("memory")) }
}
