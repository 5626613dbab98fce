import { ValidatingAdmissionPolicy } from "../../../api/admissionregistration/v1/validating-admission-policy.ts"
import { ValidatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/validating-admission-policy-binding.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import { StatusError, type StatusReason } from "../../../apimachinery/status-error.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "../admission.ts"
import type { AdmissionMetrics, PolicyAction } from "../../metrics/admission-metrics.ts"
import { requestBindings, withPolicyBindings } from "../expressions/request-bindings.ts"
import { settle } from "../expressions/settle.ts"
import { refuse } from "../refuse.ts"
import { inVersionOf } from "../webhooks/versioned-attributes.ts"
import { everyRequest, isExempt } from "../webhooks/webhook-context.ts"
import { type Denial, evaluateValidations, type Verdict } from "./evaluate-validations.ts"
import { findInvocations, type Invocation, namespaceOf, type PolicyProblem } from "./find-invocations.ts"
import { PolicyAnnotations } from "./policy-annotations.ts"

type ValidatingInvocation = Invocation<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>
type Problem = PolicyProblem<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>

interface Refusal {
  readonly policy: string
  readonly binding?: string
  readonly message: string
  readonly reason?: string
}

/** Judges requests by expressions that are objects of the API: no process outside is asked. */
export function validatingAdmissionPolicy(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionPolicy",
    on: everyRequest,
    async validate(attributes) {
      if (isExempt(attributes)) return
      const { invocations, problems } = await findInvocations(
        ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding,
        attributes,
        context,
      )
      if (invocations.length === 0 && problems.length === 0) return
      const refusals = problems.filter(isFatal).map(refusalOf)
      refusals.push(...(await judge(invocations, attributes, context)))
      const [first] = refusals
      if (first) throw refusalError(attributes, first)
    },
  }
}

function isFatal({ policy }: Problem): boolean {
  return policy.spec.failurePolicy !== "Ignore"
}

function refusalOf({ policy, binding, message }: Problem): Refusal {
  return { policy: policy.metadata.name, ...(binding && { binding: binding.metadata.name }), message }
}

async function judge(
  invocations: readonly ValidatingInvocation[],
  attributes: AdmissionAttributes,
  context: AdmissionContext,
): Promise<Refusal[]> {
  if (invocations.length === 0) return []
  const namespace = await namespaceOf(attributes, context)
  const annotations = new PolicyAnnotations(attributes)
  const refusals: Refusal[] = []
  for (const invocation of invocations) {
    const verdict = await evaluate(invocation, attributes, namespace, context)
    refusals.push(...enforce(invocation, verdict, attributes, annotations))
    count(invocation, verdict, context.admissionMetrics)
  }
  annotations.publish()
  return refusals
}

async function evaluate(
  { policy, resource, params }: ValidatingInvocation,
  attributes: AdmissionAttributes,
  namespace: KubeObject | undefined,
  { equivalents, authorizer, clock }: AdmissionContext,
): Promise<Verdict> {
  const versioned = await inVersionOf(attributes, resource, equivalents)
  const bindings = withPolicyBindings(requestBindings(versioned, authorizer), namespace, params)
  return settle(() => evaluateValidations(policy.spec, bindings, clock))
}

const actionNames: Readonly<Record<string, PolicyAction>> = { Deny: "deny", Audit: "audit", Warn: "warn" }

/** As upstream, what a policy has nothing to say against is not counted. */
function count(
  { policy, binding }: ValidatingInvocation,
  { denials, ignored }: Verdict,
  metrics: AdmissionMetrics,
): void {
  const names = { policy: policy.metadata.name, binding: binding.metadata.name }
  for (const { tookMs, message } of ignored)
    metrics.policyChecked({ ...names, error: message }, "allow", tookMs / 1000)
  for (const { tookMs, message, reason } of denials)
    for (const action of binding.spec.validationActions ?? []) {
      const check = { ...names, ...(reason === undefined && { error: message }) }
      metrics.policyChecked(check, actionNames[action] ?? "deny", tookMs / 1000)
    }
}

/** Does what the binding wants done, and tells what refuses the request. */
function enforce(
  { policy, binding }: ValidatingInvocation,
  { denials, annotations, annotationErrors }: Verdict,
  attributes: AdmissionAttributes,
  published: PolicyAnnotations,
): Refusal[] {
  const names = { policy: policy.metadata.name, binding: binding.metadata.name }
  const actions = binding.spec.validationActions ?? []
  const refusals: Refusal[] = []
  for (const denial of denials) {
    if (actions.includes("Deny")) refusals.push({ ...names, ...denial })
    if (actions.includes("Audit")) published.addFailure(binding, denial)
    if (actions.includes("Warn")) attributes.warn?.(warningOf(names, denial))
  }
  for (const { key, value } of annotations) published.add(policy, key, value)
  return [...refusals, ...annotationErrors.map((message) => ({ ...names, message }))]
}

function warningOf({ policy, binding }: { policy: string; binding: string }, { message }: Denial): string {
  return `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
}

function refusalError(
  attributes: AdmissionAttributes,
  { policy, binding, message, reason = "Invalid" }: Refusal,
): StatusError {
  const who = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? "" : ` with binding '${binding}'`}`
  const text = `${who} denied request: ${message}`
  const { message: whole, details } = refuse(attributes, text)
  return new StatusError(reason as StatusReason, whole, {
    code: codes[reason] ?? 422,
    details: { ...details, causes: [{ message: text }] },
  })
}
