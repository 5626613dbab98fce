import { resource } from "../../../apimachinery/resource.ts"
import { always, duration, type Infer, message, time } from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { Usage, usageColumns } from "./usage.ts"

export const NodeMetricsSchema = message("io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics", {
  ...objectFields,
  timestamp: always(2, time, { required: true }),
  window: always(3, duration, { required: true }),
  usage: always(4, Usage, { required: true }),
})
/** What a node uses. Not among the built-in kinds: whoever measures serves it. */
export interface NodeMetrics extends Infer<typeof NodeMetricsSchema> {}

export const NodeMetrics = resource<NodeMetrics>({
  group: "metrics.k8s.io",
  version: "v1beta1",
  kind: "NodeMetrics",
  plural: "nodes",
  singular: "",
  namespaced: false,
  verbs: ["get", "list"],
  storagePrefix: "metrics.k8s.io/nodes",
  columns: usageColumns<NodeMetrics>(({ usage }) => usage as Usage),
  schema: NodeMetricsSchema,
})
