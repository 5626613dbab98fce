import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { MutatingAdmissionPolicy } from "./v1/mutating-admission-policy.ts"
import type { MutatingAdmissionPolicyBinding } from "./v1/mutating-admission-policy-binding.ts"
import type { MutatingWebhookConfiguration } from "./v1/mutating-webhook-configuration.ts"
import type { ValidatingAdmissionPolicy } from "./v1/validating-admission-policy.ts"
import type { ValidatingAdmissionPolicyBinding } from "./v1/validating-admission-policy-binding.ts"
import type { ValidatingWebhookConfiguration } from "./v1/validating-webhook-configuration.ts"
import { checkExpression } from "./validation/cel-check.ts"
import { validateMutatingPolicy, validateMutatingPolicyBinding } from "./validation/mutating-policy.ts"
import {
  validateValidatingPolicy,
  validateValidatingPolicyBinding,
  validateValidatingPolicyStatus,
} from "./validation/validating-policy.ts"
import { validateWebhooks } from "./validation/webhooks.ts"

const webhookRules = rules<ValidatingWebhookConfiguration | MutatingWebhookConfiguration>({
  validate: (configuration) => validateWebhooks(configuration, undefined, checkExpression),
  validateUpdate: (configuration, old) => validateWebhooks(configuration, old, checkExpression),
})

export const admissionRegistrationRules: RulesByResource = {
  validatingwebhookconfigurations: webhookRules,
  mutatingwebhookconfigurations: webhookRules,
  validatingadmissionpolicies: rules<ValidatingAdmissionPolicy>({
    validate: (policy) => validateValidatingPolicy(policy, undefined, checkExpression),
    validateUpdate: (policy, old) => validateValidatingPolicy(policy, old, checkExpression),
    validateStatusUpdate: validateValidatingPolicyStatus,
  }),
  validatingadmissionpolicybindings: rules<ValidatingAdmissionPolicyBinding>({
    validate: validateValidatingPolicyBinding,
  }),
  mutatingadmissionpolicies: rules<MutatingAdmissionPolicy>({
    validate: (policy) => validateMutatingPolicy(policy, undefined, checkExpression),
    validateUpdate: (policy, old) => validateMutatingPolicy(policy, old, checkExpression),
  }),
  mutatingadmissionpolicybindings: rules<MutatingAdmissionPolicyBinding>({
    validate: validateMutatingPolicyBinding,
  }),
}
