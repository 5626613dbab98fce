import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, integerColumn, nameColumn } from "../../columns.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { MatchCondition, MatchPolicyType, RuleWithOperations } from "./match-resources.ts"
import { FailurePolicyType, ReinvocationPolicyType } from "./mutating-admission-policy.ts"
import { WebhookClientConfig } from "./webhook-client-config.ts"

export const SideEffectClass = enumeration("None", "NoneOnDryRun", "Some", "Unknown")
export type SideEffectClass = Infer<typeof SideEffectClass>

export const MutatingWebhook = message("io.k8s.api.admissionregistration.v1.MutatingWebhook", {
  name: always(1, string, { required: true }),
  clientConfig: always(2, WebhookClientConfig, { required: true }),
  rules: field(3, list(RuleWithOperations)),
  failurePolicy: optional(4, FailurePolicyType, { default: "Fail" }),
  matchPolicy: optional(9, MatchPolicyType, { default: "Equivalent" }),
  namespaceSelector: optional(5, LabelSelector, { default: {} }),
  objectSelector: optional(11, LabelSelector, { default: {} }),
  sideEffects: optional(6, SideEffectClass, { required: true }),
  timeoutSeconds: optional(7, int32, { default: 10 }),
  admissionReviewVersions: always(8, list(string), { required: true }),
  reinvocationPolicy: optional(10, ReinvocationPolicyType, { default: "Never" }),
  matchConditions: field(12, list(MatchCondition, { keys: ["name"] }), {
    patchStrategy: "merge",
    patchMergeKey: "name",
  }),
})
export interface MutatingWebhook extends Infer<typeof MutatingWebhook> {}

export const MutatingWebhookConfigurationSchema = message(
  "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
  {
    ...objectFields,
    webhooks: field(2, list(MutatingWebhook, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
  },
)
/** HTTP services that may change requests before they are stored. */
export interface MutatingWebhookConfiguration extends Infer<typeof MutatingWebhookConfigurationSchema> {}

export const MutatingWebhookConfiguration = resource<MutatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  namespaced: false,
  categories: ["api-extensions"],
  columns: [
    nameColumn,
    integerColumn(
      "Webhooks",
      "Webhooks indicates the number of webhooks registered in this configuration",
      ({ webhooks }) => webhooks?.length ?? 0,
    ),
    ageColumn,
  ],
  schema: MutatingWebhookConfigurationSchema,
})
