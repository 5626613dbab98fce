import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { formatAge } from "../../../apimachinery/human-duration.ts"

export const DeviceTaintSelector = message("io.k8s.api.resource.v1alpha3.DeviceTaintSelector", {
  driver: optional(2, string),
  pool: optional(3, string),
  device: optional(4, string),
})
export interface DeviceTaintSelector extends Infer<typeof DeviceTaintSelector> {}

export const DeviceTaintEffect = enumeration("NoExecute", "NoSchedule", "None")
export type DeviceTaintEffect = Infer<typeof DeviceTaintEffect>

export const DeviceTaint = message("io.k8s.api.resource.v1alpha3.DeviceTaint", {
  key: always(1, string, { required: true }),
  value: field(2, string),
  effect: always(3, DeviceTaintEffect, { required: true }),
  timeAdded: optional(4, time),
})
export interface DeviceTaint extends Infer<typeof DeviceTaint> {}

export const DeviceTaintRuleSpec = message("io.k8s.api.resource.v1alpha3.DeviceTaintRuleSpec", {
  deviceSelector: optional(1, DeviceTaintSelector),
  taint: always(2, DeviceTaint, { required: true }),
})
export interface DeviceTaintRuleSpec extends Infer<typeof DeviceTaintRuleSpec> {}

export const DeviceTaintRuleStatus = message("io.k8s.api.resource.v1alpha3.DeviceTaintRuleStatus", {
  conditions: field(1, list(Condition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface DeviceTaintRuleStatus extends Infer<typeof DeviceTaintRuleStatus> {}

export const DeviceTaintRuleSchema = message("io.k8s.api.resource.v1alpha3.DeviceTaintRule", {
  ...objectFields,
  spec: always(2, DeviceTaintRuleSpec, { required: true }),
  status: always(3, DeviceTaintRuleStatus),
})
/** Taints devices by rule, as an administrator does with nodes. */
export interface DeviceTaintRule extends Infer<typeof DeviceTaintRuleSchema> {}

export const DeviceTaintRule = resource<DeviceTaintRule>({
  group: "resource.k8s.io",
  version: "v1alpha3",
  kind: "DeviceTaintRule",
  plural: "devicetaintrules",
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    column("Key", textOf("resource.v1.DeviceTaint", "key"), ({ spec }) => spec.taint.key),
    column("Value", textOf("resource.v1.DeviceTaint", "value"), ({ spec }) => spec.taint.value ?? ""),
    column("Effect", textOf("resource.v1.DeviceTaint", "effect"), ({ spec }) => spec.taint.effect),
    column("TimeAdded", textOf("resource.v1.DeviceTaint", "timeAdded"), ({ spec }, now) =>
      spec.taint.timeAdded ? formatAge(spec.taint.timeAdded, now) : "",
    ),
    ageColumn,
  ],
  schema: DeviceTaintRuleSchema,
})
