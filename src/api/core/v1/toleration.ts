import {
  always,
  enumeration,
  field,
  type Infer,
  int64,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"

export const TolerationOperator = enumeration("Equal", "Exists", "Gt", "Lt")
export type TolerationOperator = Infer<typeof TolerationOperator>

export const TaintEffect = enumeration("NoExecute", "NoSchedule", "PreferNoSchedule")
export type TaintEffect = Infer<typeof TaintEffect>

export const Toleration = message("io.k8s.api.core.v1.Toleration", {
  key: field(1, string),
  operator: field(2, TolerationOperator),
  value: field(3, string),
  effect: field(4, TaintEffect),
  tolerationSeconds: optional(5, int64),
})
export interface Toleration extends Infer<typeof Toleration> {}

export const Taint = message("io.k8s.api.core.v1.Taint", {
  key: always(1, string, { required: true }),
  value: field(2, string),
  effect: always(3, TaintEffect, { required: true }),
  timeAdded: optional(4, time),
})
export interface Taint extends Infer<typeof Taint> {}
