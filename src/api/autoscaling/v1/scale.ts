import { always, field, type Infer, int32, message, string } from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const ScaleSpec = message("io.k8s.api.autoscaling.v1.ScaleSpec", {
  replicas: field(1, int32),
})
export interface ScaleSpec extends Infer<typeof ScaleSpec> {}

export const ScaleStatus = message("io.k8s.api.autoscaling.v1.ScaleStatus", {
  replicas: always(1, int32, { required: true }),
  selector: field(2, string),
})
export interface ScaleStatus extends Infer<typeof ScaleStatus> {}

export const ScaleSchema = message("io.k8s.api.autoscaling.v1.Scale", {
  ...objectFields,
  spec: always(2, ScaleSpec),
  status: always(3, ScaleStatus),
})
export interface Scale extends Infer<typeof ScaleSchema> {}
