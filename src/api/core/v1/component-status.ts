import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"
import { column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const ComponentCondition = message("io.k8s.api.core.v1.ComponentCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  message: field(3, string),
  error: field(4, string),
})
export interface ComponentCondition extends Infer<typeof ComponentCondition> {}

export const ComponentStatusSchema = message("io.k8s.api.core.v1.ComponentStatus", {
  ...objectFields,
  conditions: field(2, list(ComponentCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
/** Health of a control plane component; read only, and deprecated upstream. */
export interface ComponentStatus extends Infer<typeof ComponentStatusSchema> {}

export const ComponentStatus = resource<ComponentStatus>({
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  namespaced: false,
  shortNames: ["cs"],
  verbs: ["get", "list"],
  columns: [
    nameColumn,
    column("Status", "Status of the component conditions", (component) => {
      const condition = findHealth(component)
      return condition ? (condition.status === "True" ? "Healthy" : "Unhealthy") : "Unknown"
    }),
    column(
      "Message",
      "Message of the component conditions",
      (component) => findHealth(component)?.message ?? "",
    ),
    column("Error", "Error of the component conditions", (component) => findHealth(component)?.error ?? ""),
  ],
  schema: ComponentStatusSchema,
})

function findHealth({ conditions = [] }: ComponentStatus): ComponentCondition | undefined {
  return conditions.find((condition) => condition.type === "Healthy")
}
