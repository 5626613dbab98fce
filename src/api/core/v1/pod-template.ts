import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { PodTemplateSpec } from "./pod.ts"

export const PodTemplateSchema = message("io.k8s.api.core.v1.PodTemplate", {
  ...objectFields,
  template: always(2, PodTemplateSpec),
})
/** A pod to be; kept for nobody in particular. */
export interface PodTemplate extends Infer<typeof PodTemplateSchema> {}

export const PodTemplate = resource<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  namespaced: true,
  schema: PodTemplateSchema,
})
