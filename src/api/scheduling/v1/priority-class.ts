import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  field,
  type Infer,
  int32,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, booleanColumn, column, integerColumn, nameColumn, textOf } from "../../columns.ts"
import { PreemptionPolicy } from "../../core/v1/pod.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const PriorityClassSchema = message("io.k8s.api.scheduling.v1.PriorityClass", {
  ...objectFields,
  value: always(2, int32),
  globalDefault: field(3, bool),
  description: field(4, string),
  preemptionPolicy: optional(5, PreemptionPolicy, { default: "PreemptLowerPriority" }),
})
/** A number by name: which pods go first and which give way. */
export interface PriorityClass extends Infer<typeof PriorityClassSchema> {}

export const PriorityClass = resource<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  namespaced: false,
  shortNames: ["pc"],
  columns: [
    nameColumn,
    integerColumn("Value", textOf("scheduling.v1.PriorityClass", "value"), ({ value }) => value),
    booleanColumn(
      "Global-Default",
      textOf("scheduling.v1.PriorityClass", "globalDefault"),
      ({ globalDefault }) => globalDefault ?? false,
    ),
    ageColumn,
    column(
      "PreemptionPolicy",
      textOf("scheduling.v1.PriorityClass", "preemptionPolicy"),
      ({ preemptionPolicy }) => preemptionPolicy,
    ),
  ],
  schema: PriorityClassSchema,
})
