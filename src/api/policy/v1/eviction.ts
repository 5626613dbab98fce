import { type Infer, message, optional } from "../../../apimachinery/schema.ts"
import { DeleteOptions } from "../../meta/v1/delete-options.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const EvictionSchema = message("io.k8s.api.policy.v1.Eviction", {
  ...objectFields,
  deleteOptions: optional(2, DeleteOptions),
})
export interface Eviction extends Infer<typeof EvictionSchema> {}
