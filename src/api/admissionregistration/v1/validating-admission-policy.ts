import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, integerColumn, nameColumn } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ParamKind, Variable } from "./admission-policy.ts"
import { MatchCondition, MatchResources } from "./match-resources.ts"
import { FailurePolicyType } from "./mutating-admission-policy.ts"
import { formatParamKind } from "./admission-policy-columns.ts"

export const Validation = message("io.k8s.api.admissionregistration.v1.Validation", {
  expression: always(1, string, { required: true }),
  message: field(2, string),
  reason: optional(3, string),
  messageExpression: field(4, string),
})
export interface Validation extends Infer<typeof Validation> {}

export const AuditAnnotation = message("io.k8s.api.admissionregistration.v1.AuditAnnotation", {
  key: always(1, string, { required: true }),
  valueExpression: always(2, string, { required: true }),
})
export interface AuditAnnotation extends Infer<typeof AuditAnnotation> {}

export const ValidatingAdmissionPolicySpec = message(
  "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec",
  {
    paramKind: optional(1, ParamKind),
    matchConstraints: optional(2, MatchResources),
    validations: field(3, list(Validation)),
    failurePolicy: optional(4, FailurePolicyType, { default: "Fail" }),
    auditAnnotations: field(5, list(AuditAnnotation)),
    matchConditions: field(6, list(MatchCondition, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
    variables: field(7, list(Variable, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
  },
)
export interface ValidatingAdmissionPolicySpec extends Infer<typeof ValidatingAdmissionPolicySpec> {}

export const ExpressionWarning = message("io.k8s.api.admissionregistration.v1.ExpressionWarning", {
  fieldRef: always(2, string, { required: true }),
  warning: always(3, string, { required: true }),
})
export interface ExpressionWarning extends Infer<typeof ExpressionWarning> {}

export const TypeChecking = message("io.k8s.api.admissionregistration.v1.TypeChecking", {
  expressionWarnings: field(1, list(ExpressionWarning)),
})
export interface TypeChecking extends Infer<typeof TypeChecking> {}

export const ValidatingAdmissionPolicyStatus = message(
  "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus",
  {
    observedGeneration: field(1, int64),
    typeChecking: optional(2, TypeChecking),
    conditions: field(3, list(Condition, { keys: ["type"] })),
  },
)
export interface ValidatingAdmissionPolicyStatus extends Infer<typeof ValidatingAdmissionPolicyStatus> {}

export const ValidatingAdmissionPolicySchema = message(
  "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
  {
    ...objectFields,
    spec: always(2, ValidatingAdmissionPolicySpec),
    status: always(3, ValidatingAdmissionPolicyStatus),
  },
)
/** Judges requests by CEL expressions as they come in. */
export interface ValidatingAdmissionPolicy extends Infer<typeof ValidatingAdmissionPolicySchema> {}

export const ValidatingAdmissionPolicy = resource<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  namespaced: false,
  categories: ["api-extensions"],
  hasStatus: true,
  columns: [
    nameColumn,
    integerColumn(
      "Validations",
      "Validations indicates the number of validation rules defined in this configuration",
      ({ spec }) => spec.validations?.length ?? 0,
    ),
    column(
      "ParamKind",
      "ParamKind specifies the kind of resources used to parameterize this policy",
      ({ spec }) => formatParamKind(spec.paramKind),
    ),
    ageColumn,
  ],
  schema: ValidatingAdmissionPolicySchema,
})
