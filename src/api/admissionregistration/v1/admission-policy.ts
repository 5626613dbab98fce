import { always, field, type Infer, message, optional, string } from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"

// What validating and mutating admission policies have in common.

export const ParamKind = message(
  "io.k8s.api.admissionregistration.v1.ParamKind",
  {
    apiVersion: field(1, string),
    kind: field(2, string),
  },
  { atomic: true },
)
export interface ParamKind extends Infer<typeof ParamKind> {}

export const Variable = message(
  "io.k8s.api.admissionregistration.v1.Variable",
  {
    name: always(1, string, { required: true }),
    expression: always(2, string, { required: true }),
  },
  { atomic: true },
)
export interface Variable extends Infer<typeof Variable> {}

export const ParamRef = message(
  "io.k8s.api.admissionregistration.v1.ParamRef",
  {
    name: field(1, string),
    namespace: field(2, string),
    selector: optional(3, LabelSelector),
    parameterNotFoundAction: optional(4, string),
  },
  { atomic: true },
)
export interface ParamRef extends Infer<typeof ParamRef> {}
