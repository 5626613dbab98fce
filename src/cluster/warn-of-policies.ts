import { ignoreNotFound } from "../apimachinery/status-error.ts"
import { ValidatingAdmissionPolicy } from "../api/admissionregistration/v1/validating-admission-policy.ts"
import { ValidatingAdmissionPolicyBinding } from "../api/admissionregistration/v1/validating-admission-policy-binding.ts"
import type { Client } from "../client/client.ts"

const name = "coracle-network-policies-not-enforced"

/**
 * Whoever writes a NetworkPolicy that may not hold is told so, each time: an admission policy with the action "Warn". Without
 * a reason it is taken away.
 */
export async function warnOfPolicies(client: Client, reason: string | undefined): Promise<void> {
  await client.delete(ValidatingAdmissionPolicyBinding, { name }).catch(ignoreNotFound)
  await client.delete(ValidatingAdmissionPolicy, { name }).catch(ignoreNotFound)
  if (reason === undefined) return
  await client.create(ValidatingAdmissionPolicy, {
    metadata: { name },
    spec: {
      failurePolicy: "Ignore",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["networking.k8s.io"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["networkpolicies"],
          },
        ],
      },
      validations: [{ expression: "false", message: `this policy may not be enforced: ${reason}` }],
    },
  })
  await client.create(ValidatingAdmissionPolicyBinding, {
    metadata: { name },
    spec: { policyName: name, validationActions: ["Warn"] },
  })
}
