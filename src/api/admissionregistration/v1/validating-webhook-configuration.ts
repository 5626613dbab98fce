import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
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
import { FailurePolicyType } from "./mutating-admission-policy.ts"
import { SideEffectClass } from "./mutating-webhook-configuration.ts"
import { WebhookClientConfig } from "./webhook-client-config.ts"

export const ValidatingWebhook = message("io.k8s.api.admissionregistration.v1.ValidatingWebhook", {
  name: always(1, string, { required: true }),
  clientConfig: always(2, WebhookClientConfig, { required: true }),
  rules: field(3, list(RuleWithOperations)),
  failurePolicy: optional(4, FailurePolicyType, { default: "Fail" }),
  matchPolicy: optional(9, MatchPolicyType, { default: "Equivalent" }),
  namespaceSelector: optional(5, LabelSelector, { default: {} }),
  objectSelector: optional(10, LabelSelector, { default: {} }),
  sideEffects: optional(6, SideEffectClass, { required: true }),
  timeoutSeconds: optional(7, int32, { default: 10 }),
  admissionReviewVersions: always(8, list(string), { required: true }),
  matchConditions: field(11, list(MatchCondition, { keys: ["name"] }), {
    patchStrategy: "merge",
    patchMergeKey: "name",
  }),
})
export interface ValidatingWebhook extends Infer<typeof ValidatingWebhook> {}

export const ValidatingWebhookConfigurationSchema = message(
  "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
  {
    ...objectFields,
    webhooks: field(2, list(ValidatingWebhook, { keys: ["name"] }), {
      patchStrategy: "merge",
      patchMergeKey: "name",
    }),
  },
)
/** HTTP services that may refuse requests before they are stored. */
export interface ValidatingWebhookConfiguration extends Infer<typeof ValidatingWebhookConfigurationSchema> {}

export const ValidatingWebhookConfiguration = resource<ValidatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
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
  schema: ValidatingWebhookConfigurationSchema,
})
