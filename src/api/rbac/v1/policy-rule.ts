import { always, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"

export const PolicyRule = message("io.k8s.api.rbac.v1.PolicyRule", {
  verbs: always(1, list(string), { required: true }),
  apiGroups: field(2, list(string)),
  resources: field(3, list(string)),
  resourceNames: field(4, list(string)),
  nonResourceURLs: field(5, list(string)),
})
export interface PolicyRule extends Infer<typeof PolicyRule> {}
