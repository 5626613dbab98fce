import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, message } from "../../../apimachinery/schema.ts"
import {
  column,
  containersText,
  formatContainerImages,
  formatContainerNames,
  formatLabels,
  imagesText,
  nameColumn,
} from "../../columns.ts"
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
  columns: [
    nameColumn,
    column("Containers", containersText, ({ template }) => formatContainerNames(template.spec.containers)),
    column("Images", imagesText, ({ template }) => formatContainerImages(template.spec.containers)),
    column("Pod Labels", "The labels for the pod template.", ({ template }) =>
      formatLabels(template.metadata.labels),
    ),
  ],
  schema: PodTemplateSchema,
})
