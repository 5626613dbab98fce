import {
  always,
  enumeration,
  field,
  type Infer,
  inline,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"

// Which requests a webhook or policy wants to see.

export const OperationType = enumeration("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
export type OperationType = Infer<typeof OperationType>

export const ScopeType = enumeration("*", "Cluster", "Namespaced")
export type ScopeType = Infer<typeof ScopeType>

export const Rule = message("io.k8s.api.admissionregistration.v1.Rule", {
  apiGroups: field(1, list(string)),
  apiVersions: field(2, list(string)),
  resources: field(3, list(string)),
  scope: optional(4, ScopeType, { default: "*" }),
})
export interface Rule extends Infer<typeof Rule> {}

export const RuleWithOperations = message("io.k8s.api.admissionregistration.v1.RuleWithOperations", {
  operations: field(1, list(OperationType)),
  ...inline(2, Rule),
})
export interface RuleWithOperations extends Infer<typeof RuleWithOperations> {}

export const NamedRuleWithOperations = message(
  "io.k8s.api.admissionregistration.v1.NamedRuleWithOperations",
  {
    resourceNames: field(1, list(string)),
    ...inline(2, RuleWithOperations),
  },
  { atomic: true },
)
export interface NamedRuleWithOperations extends Infer<typeof NamedRuleWithOperations> {}

export const MatchPolicyType = enumeration("Equivalent", "Exact")
export type MatchPolicyType = Infer<typeof MatchPolicyType>

export const MatchResources = message(
  "io.k8s.api.admissionregistration.v1.MatchResources",
  {
    namespaceSelector: optional(1, LabelSelector, { default: {} }),
    objectSelector: optional(2, LabelSelector, { default: {} }),
    resourceRules: field(3, list(NamedRuleWithOperations)),
    excludeResourceRules: field(4, list(NamedRuleWithOperations)),
    matchPolicy: optional(7, MatchPolicyType, { default: "Equivalent" }),
  },
  { atomic: true },
)
export interface MatchResources extends Infer<typeof MatchResources> {}

export const MatchCondition = message("io.k8s.api.admissionregistration.v1.MatchCondition", {
  name: always(1, string, { required: true }),
  expression: always(2, string, { required: true }),
})
export interface MatchCondition extends Infer<typeof MatchCondition> {}
