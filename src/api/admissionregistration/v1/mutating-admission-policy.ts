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
import { ageColumn, column, integerColumn, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ParamKind, Variable } from "./admission-policy.ts"
import { MatchCondition, MatchResources } from "./match-resources.ts"
import { formatParamKind } from "./admission-policy-columns.ts"

export const PatchType = enumeration("ApplyConfiguration", "JSONPatch")
export type PatchType = Infer<typeof PatchType>

export const ApplyConfiguration = message("io.k8s.api.admissionregistration.v1.ApplyConfiguration", {
  expression: field(1, string),
})
export interface ApplyConfiguration extends Infer<typeof ApplyConfiguration> {}

export const JSONPatch = message("io.k8s.api.admissionregistration.v1.JSONPatch", {
  expression: field(1, string),
})
export interface JSONPatch extends Infer<typeof JSONPatch> {}

export const Mutation = message("io.k8s.api.admissionregistration.v1.Mutation", {
  patchType: always(2, PatchType, { required: true }),
  applyConfiguration: optional(3, ApplyConfiguration),
  jsonPatch: optional(4, JSONPatch),
})
export interface Mutation extends Infer<typeof Mutation> {}

export const FailurePolicyType = enumeration("Fail", "Ignore")
export type FailurePolicyType = Infer<typeof FailurePolicyType>

export const ReinvocationPolicyType = enumeration("IfNeeded", "Never")
export type ReinvocationPolicyType = Infer<typeof ReinvocationPolicyType>

export const MutatingAdmissionPolicySpec = message(
  "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec",
  {
    paramKind: optional(1, ParamKind),
    matchConstraints: optional(2, MatchResources),
    variables: field(3, list(Variable)),
    mutations: field(4, list(Mutation)),
    failurePolicy: optional(5, FailurePolicyType, { default: "Fail" }),
    matchConditions: field(6, list(MatchCondition, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    reinvocationPolicy: field(7, ReinvocationPolicyType),
  },
)
export interface MutatingAdmissionPolicySpec extends Infer<typeof MutatingAdmissionPolicySpec> {}

export const MutatingAdmissionPolicySchema = message(
  "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy",
  {
    ...objectFields,
    spec: always(2, MutatingAdmissionPolicySpec),
  },
)
/** Changes requests by CEL expressions as they come in. */
export interface MutatingAdmissionPolicy extends Infer<typeof MutatingAdmissionPolicySchema> {}

export const MutatingAdmissionPolicy = resource<MutatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  namespaced: false,
  categories: ["api-extensions"],
  storedAs: { group: "admissionregistration.k8s.io", version: "v1beta1" },
  columns: [
    nameColumn,
    integerColumn(
      "Mutations",
      "Mutation indicates the number of mutations rules defined in this configuration",
      ({ spec }) => spec.mutations?.length ?? 0,
    ),
    column(
      "ParamKind",
      "ParamKind specifies the kind of resources used to parameterize this policy",
      ({ spec }) => formatParamKind(spec.paramKind),
    ),
    ageColumn,
  ],
  schema: MutatingAdmissionPolicySchema,
})
