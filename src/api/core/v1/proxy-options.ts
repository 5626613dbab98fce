import { field, type Infer, message, string } from "../../../apimachinery/schema.ts"
import { typeFields } from "../../meta/v1/object-fields.ts"

// Query parameters of the proxy subresources, which upstream declares as kinds.

export const NodeProxyOptionsSchema = message("io.k8s.api.core.v1.NodeProxyOptions", {
  ...typeFields,
  path: field(1, string),
})
export interface NodeProxyOptions extends Infer<typeof NodeProxyOptionsSchema> {}

export const ServiceProxyOptionsSchema = message("io.k8s.api.core.v1.ServiceProxyOptions", {
  ...typeFields,
  path: field(1, string),
})
export interface ServiceProxyOptions extends Infer<typeof ServiceProxyOptionsSchema> {}
