import type {
  AuditAnnotation,
  ValidatingAdmissionPolicySpec,
  Validation,
} from "../../../api/admissionregistration/v1/validating-admission-policy.ts"
import { CheckPending } from "../../../apimachinery/cel/library/authorizer.ts"
import { typeNameOf } from "../../../apimachinery/cel/values/value.ts"
import type { Clock } from "../../../base/clock.ts"
import { Budget, evaluateExpression, OutOfBudget, policyBudget } from "../expressions/evaluate.ts"
import type { Bindings } from "../expressions/request-bindings.ts"
import { type CompiledPolicy, compiledPolicy } from "./compile-policy.ts"

/** One validation that did not hold, or that could not be evaluated where that counts as a refusal. */
export interface Denial {
  /** Of the validation in the policy; absent where the policy as a whole failed. */
  readonly index: number
  readonly message: string
  readonly reason?: string
  /** How long it took to find out. */
  readonly tookMs: number
}

/** An error that the policy wants ignored. */
export type Ignored = Pick<Denial, "message" | "tookMs">

export interface PublishedAnnotation {
  readonly key: string
  readonly value: string
}

export interface Verdict {
  readonly denials: readonly Denial[]
  readonly ignored: readonly Ignored[]
  readonly annotations: readonly PublishedAnnotation[]
  /** Annotations that could not be evaluated. */
  readonly annotationErrors: readonly string[]
}

const accepted: Verdict = { denials: [], ignored: [], annotations: [], annotationErrors: [] }

/** What a policy says of a request. May throw CheckPending. */
export function evaluateValidations(
  spec: ValidatingAdmissionPolicySpec,
  bindings: Bindings,
  clock: Pick<Clock, "monotonic">,
): Verdict {
  const ignores = spec.failurePolicy === "Ignore"
  const beganMs = clock.monotonic()
  const policy = compiledPolicy(spec)
  try {
    if (!policy.matches(bindings)) return accepted
    const judged = judge(spec, policy, bindings, clock)
    const failed = judged.filter(({ reason }) => reason === undefined)
    return {
      denials: ignores ? judged.filter((each) => !failed.includes(each)) : judged,
      ignored: ignores ? failed : [],
      ...annotate(spec, policy, bindings, ignores),
    }
  } catch (error) {
    if (error instanceof CheckPending) throw error
    const failure = { index: 0, message: (error as Error).message, tookMs: clock.monotonic() - beganMs }
    return { ...accepted, ...(ignores ? { ignored: [failure] } : { denials: [failure] }) }
  }
}

/** Those without a reason could not be evaluated. */
function judge(
  { validations = [] }: ValidatingAdmissionPolicySpec,
  policy: CompiledPolicy,
  bindings: Bindings,
  clock: Pick<Clock, "monotonic">,
): Denial[] {
  const budget = new Budget(policyBudget)
  const withVariables = policy.withVariables(bindings, budget)
  const outcomes = validations.map(({ expression }) => {
    const beganMs = clock.monotonic()
    const compiled = policy.expression(expression, "validation")
    const outcome = evaluateExpression(expression, compiled, withVariables, budget)
    return { outcome, tookMs: clock.monotonic() - beganMs }
  })
  const messages = evaluateMessages(validations, policy, bindings, budget)
  return outcomes.flatMap(({ outcome, tookMs }, index) => {
    if ("error" in outcome) return [{ index, message: outcome.error, tookMs }]
    if (messages instanceof OutOfBudget)
      return [{ index, message: `failed messageExpression: ${messages.message}`, tookMs }]
    if (outcome.value === true) return []
    const validation = validations[index] as Validation
    const { reason = "Invalid" } = validation
    return [{ index, message: messages[index] || plainMessage(validation), reason, tookMs }]
  })
}

function plainMessage({ message = "", expression }: Validation): string {
  return message.trim() || `failed expression: ${expression.trim()}`
}

const maxMessageBytes = 5 * 1024

// "" where there is no expression, or none of any use.
function evaluateMessages(
  validations: readonly Validation[],
  policy: CompiledPolicy,
  bindings: Bindings,
  budget: Budget,
): readonly string[] | OutOfBudget {
  const withVariables = policy.withVariables(bindings, budget)
  try {
    return validations.map(({ messageExpression = "" }) => {
      if (!messageExpression) return ""
      const compiled = policy.expression(messageExpression, "message")
      const outcome = evaluateExpression(messageExpression, compiled, withVariables, budget)
      if ("error" in outcome || typeof outcome.value !== "string") return ""
      const message = outcome.value.trim()
      const isLong = new TextEncoder().encode(message).length > maxMessageBytes
      return isLong || message.includes("\n") ? "" : message
    })
  } catch (error) {
    if (error instanceof OutOfBudget) return error
    throw error
  }
}

function annotate(
  { auditAnnotations = [] }: ValidatingAdmissionPolicySpec,
  policy: CompiledPolicy,
  bindings: Bindings,
  ignores: boolean,
): Pick<Verdict, "annotations" | "annotationErrors"> {
  const budget = new Budget(policyBudget)
  const withVariables = policy.withVariables(bindings, budget)
  const annotations: PublishedAnnotation[] = []
  const annotationErrors: string[] = []
  for (const annotation of auditAnnotations) {
    const { key, valueExpression } = annotation
    const compiled = policy.expression(valueExpression.trim(), "auditAnnotation")
    const outcome = evaluateExpression(valueExpression, compiled, withVariables, budget)
    if ("error" in outcome) {
      if (!ignores) annotationErrors.push(outcome.error)
    } else if (typeof outcome.value === "string") {
      const value = outcome.value.trim()
      if (value) annotations.push({ key, value })
    } else if (outcome.value !== null) annotationErrors.push(wrongType(annotation, typeNameOf(outcome.value)))
  }
  return { annotations, annotationErrors }
}

function wrongType({ valueExpression }: AuditAnnotation, type: string): string {
  const what = `valueExpression '${valueExpression}' resulted in unsupported return type: ${type}`
  return `${what}. Return type must be either string or null.`
}
