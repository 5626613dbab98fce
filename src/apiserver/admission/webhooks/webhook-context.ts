import type { Logger } from "../../../base/log.ts"
import type { AdmissionAttributes, AdmissionMatch } from "../admission.ts"
import type { CallingContext } from "./call-hook.ts"
import type { MatchingContext } from "./find-invocation.ts"

/** What both kinds of webhooks are made of. */
export interface WebhookContext extends MatchingContext, CallingContext {
  readonly log: Logger
}

/** Which requests a webhook sees is its own matter. */
export const everyRequest: readonly AdmissionMatch[] = [
  { operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"] },
]

const exemptKinds = new Set([
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
])

/** A webhook must not keep anybody from removing it. */
export function isExempt({ kind }: AdmissionAttributes): boolean {
  return kind.group === "admissionregistration.k8s.io" && exemptKinds.has(kind.kind)
}
