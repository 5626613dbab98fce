import {
  MutatingAdmissionPolicy,
  type Mutation,
} from "../../../api/admissionregistration/v1/mutating-admission-policy.ts"
import { MutatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/mutating-admission-policy-binding.ts"
import { jsonEqual } from "../../../apimachinery/json-equal.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import { StatusError, type StatusReason } from "../../../apimachinery/status-error.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin, AdmittedObject } from "../admission.ts"
import { Budget, evaluateExpression, policyBudget } from "../expressions/evaluate.ts"
import { type Bindings, requestBindings, withPolicyBindings } from "../expressions/request-bindings.ts"
import { settle } from "../expressions/settle.ts"
import { refuse } from "../refuse.ts"
import { ReinvocationState } from "../reinvocation.ts"
import { ReinvocationMemory } from "../reinvocation-memory.ts"
import { fromVersionOf, inVersionOf, type VersionedAttributes } from "../webhooks/versioned-attributes.ts"
import { isExempt } from "../webhooks/webhook-context.ts"
import { applyMutation } from "./apply-mutation.ts"
import { type CompiledPolicy, compiledPolicy } from "./compile-policy.ts"
import { findInvocations, type Invocation, namespaceOf, type PolicyProblem } from "./find-invocations.ts"

type MutatingInvocation = Invocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>
type Problem = PolicyProblem<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding> & {
  readonly reason?: StatusReason
}

const pluginName = "MutatingAdmissionPolicy"

/** Changes requests by expressions that are objects of the API, one policy after the other. */
export function mutatingAdmissionPolicy(context: AdmissionContext): AdmissionPlugin {
  return {
    name: pluginName,
    on: [{ operations: ["CREATE", "UPDATE", "CONNECT"] }],
    async mutate(attributes) {
      if (isExempt(attributes)) return attributes.object
      const { invocations, problems: misconfigured } = await findInvocations(
        MutatingAdmissionPolicy,
        MutatingAdmissionPolicyBinding,
        attributes,
        context,
      )
      if (invocations.length === 0 && misconfigured.length === 0) return attributes.object
      const { object, problems } = await mutateBy(invocations, attributes, context)
      const fatal = [...misconfigured, ...problems].filter(isFatal)
      if (fatal.length > 0) throw refusalError(attributes, fatal)
      return object
    },
  }
}

function isFatal({ policy }: Problem): boolean {
  return policy.spec.failurePolicy !== "Ignore"
}

async function mutateBy(
  invocations: readonly MutatingInvocation[],
  attributes: AdmissionAttributes,
  context: AdmissionContext,
): Promise<{ object: AdmittedObject; problems: readonly Problem[] }> {
  const { reinvocation = new ReinvocationState() } = attributes
  const memory = reinvocation.memoryOf(pluginName, () => new ReinvocationMemory())
  if (reinvocation.isReinvoke && !jsonEqual(memory.lastOutput, attributes.object)) memory.changed()
  const namespace = invocations.length > 0 ? await namespaceOf(attributes, context) : undefined
  const problems: Problem[] = []
  let current = attributes
  for (const invocation of invocations) {
    const uid = keyOf(invocation)
    if (reinvocation.isReinvoke && !memory.isToBeCalledAgain(uid)) continue
    const { object, isCalled } = await invoke(invocation, current, namespace, context, problems)
    if (!isCalled) continue
    if (object !== current.object) {
      memory.changed()
      reinvocation.requireReinvocation()
      current = { ...current, object }
    }
    if (invocation.policy.spec.reinvocationPolicy === "IfNeeded") memory.wasCalled(uid)
  }
  memory.lastOutput = current.object
  return { object: current.object, problems }
}

function keyOf({ policy, binding, params }: MutatingInvocation): string {
  const { namespace = "", name = "" } = params?.metadata ?? {}
  return [policy.metadata.name, binding.metadata.name, namespace, name].join("/")
}

/** Runs the mutations of one policy in order; one that fails is told to `problems` and leaves the object as it was. */
async function invoke(
  invocation: MutatingInvocation,
  attributes: AdmissionAttributes,
  namespace: KubeObject | undefined,
  context: AdmissionContext,
  problems: Problem[],
): Promise<{ object: AdmittedObject; isCalled: boolean }> {
  const { policy, binding, resource, params } = invocation
  const fail = (error: unknown) => {
    problems.push({ policy, binding, message: (error as Error).message, reason: "Invalid" })
  }
  const compiled = compiledPolicy(policy.spec)
  let versioned = await inVersionOf(attributes, resource, context.equivalents)
  const bindingsNow = () =>
    withPolicyBindings(requestBindings(versioned, context.authorizer), namespace, params)
  const before = versioned.object
  try {
    const bindings = bindingsNow()
    if (!(await settle(() => compiled.matches(bindings))))
      return { object: attributes.object, isCalled: false }
  } catch (error) {
    fail(error)
    return { object: attributes.object, isCalled: false }
  }
  for (const mutation of before ? (policy.spec.mutations ?? []) : []) {
    try {
      const bindings = bindingsNow()
      const object = await settle(() => mutate(mutation, compiled, bindings, versioned))
      versioned = { ...versioned, object }
    } catch (error) {
      fail(error)
    }
  }
  const { object } = versioned
  if (!object || jsonEqual(object, before)) return { object: attributes.object, isCalled: true }
  return { object: await fromVersionOf(object, versioned, context.equivalents), isCalled: true }
}

// May throw CheckPending.
function mutate(
  mutation: Mutation,
  compiled: CompiledPolicy,
  bindings: Bindings,
  versioned: VersionedAttributes,
): KubeObject {
  const isPatch = mutation.patchType === "JSONPatch"
  const { expression = "" } = (isPatch ? mutation.jsonPatch : mutation.applyConfiguration) ?? {}
  const budget = new Budget(policyBudget)
  const program = compiled.expression(expression.trim(), isPatch ? "jsonPatch" : "applyConfiguration")
  const outcome = evaluateExpression(expression, program, compiled.withVariables(bindings, budget), budget)
  if ("error" in outcome) throw new Error(outcome.error)
  return applyMutation(mutation, outcome.value, versioned.object as KubeObject, versioned)
}

function refusalError(attributes: AdmissionAttributes, problems: readonly Problem[]): StatusError {
  const causes = problems.map((problem) => ({ message: textOf(problem) }))
  const { details } = refuse(attributes, "admission request denied by policy")
  const reason = problems[0]?.reason ?? "Forbidden"
  return new StatusError(reason, causes[0]?.message ?? "", { code: 403, details: { ...details, causes } })
}

function textOf({ policy, binding, message }: Problem): string {
  const name = policy.metadata.name
  const who = binding ? `policy '${name}' with binding '${binding.metadata.name}'` : `policy "${name}"`
  return `${who} denied request: ${message}`
}
