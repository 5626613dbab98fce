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
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ParamRef } from "./admission-policy.ts"
import { MatchResources } from "./match-resources.ts"
import { formatParamRef } from "./admission-policy-columns.ts"

export const ValidationAction = enumeration("Audit", "Deny", "Warn")
export type ValidationAction = Infer<typeof ValidationAction>

export const ValidatingAdmissionPolicyBindingSpec = message(
  "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec",
  {
    policyName: field(1, string, { required: true }),
    paramRef: optional(2, ParamRef),
    matchResources: optional(3, MatchResources),
    validationActions: field(4, list(ValidationAction, { type: "set" }), { required: true }),
  },
)
export interface ValidatingAdmissionPolicyBindingSpec
  extends Infer<typeof ValidatingAdmissionPolicyBindingSpec> {}

export const ValidatingAdmissionPolicyBindingSchema = message(
  "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  {
    ...objectFields,
    spec: always(2, ValidatingAdmissionPolicyBindingSpec, { required: true }),
  },
)
/** Puts a ValidatingAdmissionPolicy to work, with parameters. */
export interface ValidatingAdmissionPolicyBinding
  extends Infer<typeof ValidatingAdmissionPolicyBindingSchema> {}

export const ValidatingAdmissionPolicyBinding = resource<ValidatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  namespaced: false,
  categories: ["api-extensions"],
  columns: [
    nameColumn,
    column(
      "PolicyName",
      "PolicyName indicates the policy definition which the policy binding binded to",
      ({ spec }) => spec.policyName ?? "",
    ),
    column(
      "ParamRef",
      "ParamRef indicates the param resource which sets the configuration param",
      ({ spec }) => formatParamRef(spec.paramRef),
    ),
    ageColumn,
  ],
  schema: ValidatingAdmissionPolicyBindingSchema,
})
