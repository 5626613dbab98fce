import { resource } from "../../../apimachinery/resource.ts"
import { bool, field, type Infer, list, message, optional } from "../../../apimachinery/schema.ts"
import { ageColumn, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { LocalObjectReference, ObjectReference } from "./object-reference.ts"

export const ServiceAccountSchema = message("io.k8s.api.core.v1.ServiceAccount", {
  ...objectFields,
  secrets: field(2, list(ObjectReference, { keys: ["name"] }), {
    patchStrategy: "merge",
    patchMergeKey: "name",
  }),
  imagePullSecrets: field(3, list(LocalObjectReference)),
  automountServiceAccountToken: optional(4, bool),
})
/** Who a pod is when it talks to the API. */
export interface ServiceAccount extends Infer<typeof ServiceAccountSchema> {}

export const ServiceAccount = resource<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  namespaced: true,
  shortNames: ["sa"],
  subresources: [
    { name: "token", kind: "TokenRequest", group: "authentication.k8s.io", version: "v1", verbs: ["create"] },
  ],
  columns: [nameColumn, ageColumn],
  schema: ServiceAccountSchema,
})
