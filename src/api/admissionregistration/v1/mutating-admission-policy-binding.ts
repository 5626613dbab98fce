import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, message, optional, string } from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ParamRef } from "./admission-policy.ts"
import { MatchResources } from "./match-resources.ts"
import { formatParamRef } from "./admission-policy-columns.ts"

export const MutatingAdmissionPolicyBindingSpec = message(
  "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec",
  {
    policyName: field(1, string),
    paramRef: optional(2, ParamRef),
    matchResources: optional(3, MatchResources),
  },
)
export interface MutatingAdmissionPolicyBindingSpec
  extends Infer<typeof MutatingAdmissionPolicyBindingSpec> {}

export const MutatingAdmissionPolicyBindingSchema = message(
  "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding",
  {
    ...objectFields,
    spec: always(2, MutatingAdmissionPolicyBindingSpec),
  },
)
/** Puts a MutatingAdmissionPolicy to work, with parameters. */
export interface MutatingAdmissionPolicyBinding extends Infer<typeof MutatingAdmissionPolicyBindingSchema> {}

export const MutatingAdmissionPolicyBinding = resource<MutatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  namespaced: false,
  categories: ["api-extensions"],
  storedAs: { group: "admissionregistration.k8s.io", version: "v1beta1" },
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
  schema: MutatingAdmissionPolicyBindingSchema,
})
