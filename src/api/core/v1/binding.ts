import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ObjectReference } from "./object-reference.ts"

export const BindingSchema = message("io.k8s.api.core.v1.Binding", {
  ...objectFields,
  target: always(2, ObjectReference, { required: true }),
})
/** Ties a pod to a node; only ever created, by the scheduler. */
export interface Binding extends Infer<typeof BindingSchema> {}

export const Binding = resource<Binding>({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  namespaced: true,
  verbs: ["create"],
  columns: defaultColumns,
  schema: BindingSchema,
})
