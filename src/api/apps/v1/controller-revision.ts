import { resource } from "../../../apimachinery/resource.ts"
import { always, type Infer, int64, message, rawExtension } from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { controllerOf, parseGroupVersion } from "../../../apimachinery/meta.ts"

export const ControllerRevisionSchema = message("io.k8s.api.apps.v1.ControllerRevision", {
  ...objectFields,
  data: always(2, rawExtension),
  revision: always(3, int64, { required: true }),
})
/** A snapshot of a StatefulSet's or DaemonSet's template, to roll back to. */
export interface ControllerRevision extends Infer<typeof ControllerRevisionSchema> {}

export const ControllerRevision = resource<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  namespaced: true,
  columns: [
    nameColumn,
    column("Controller", "Controller of the object", formatController),
    column(
      "Revision",
      textOf("apps.v1.ControllerRevision", "revision"),
      (controllerRevision) => controllerRevision.revision,
    ),
    ageColumn,
  ],
  schema: ControllerRevisionSchema,
})

/** "statefulset.apps/web" */
function formatController(controllerRevision: ControllerRevision): string {
  const owner = controllerOf(controllerRevision)
  if (!owner) return "<none>"
  const { group } = parseGroupVersion(owner.apiVersion)
  return `${(group ? `${owner.kind}.${group}` : owner.kind).toLowerCase()}/${owner.name}`
}
