import {
  always,
  bytes,
  field,
  type Infer,
  int32,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"

export const ServiceReference = message("io.k8s.api.admissionregistration.v1.ServiceReference", {
  namespace: always(1, string, { required: true }),
  name: always(2, string, { required: true }),
  path: optional(3, string),
  port: optional(4, int32, { default: 443 }),
})
export interface ServiceReference extends Infer<typeof ServiceReference> {}

export const WebhookClientConfig = message("io.k8s.api.admissionregistration.v1.WebhookClientConfig", {
  url: optional(3, string),
  service: optional(1, ServiceReference),
  caBundle: field(2, bytes),
})
export interface WebhookClientConfig extends Infer<typeof WebhookClientConfig> {}
