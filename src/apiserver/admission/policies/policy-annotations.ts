import type { ValidatingAdmissionPolicy } from "../../../api/admissionregistration/v1/validating-admission-policy.ts"
import type { ValidatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/validating-admission-policy-binding.ts"
import type { AdmissionAttributes } from "../admission.ts"
import type { Denial } from "./evaluate-validations.ts"

const maxValueLength = 10 * 1024

/** What policies add to the audit event of a request. Several bindings may give several values for one key. */
export class PolicyAnnotations {
  readonly #attributes: AdmissionAttributes
  readonly #values = new Map<string, string[]>()

  constructor(attributes: AdmissionAttributes) {
    this.#attributes = attributes
  }

  add({ metadata }: ValidatingAdmissionPolicy, key: string, value: string): void {
    const name = `${metadata.name}/${key}`
    const values = this.#values.get(name) ?? []
    const kept = value.slice(0, maxValueLength)
    if (!values.includes(kept)) this.#values.set(name, [...values, kept])
  }

  /** A validation that did not hold, for bindings that want this audited. */
  addFailure({ metadata, spec }: ValidatingAdmissionPolicyBinding, { index, message }: Denial): void {
    const failure = {
      message,
      policy: spec.policyName ?? "",
      binding: metadata.name,
      expressionIndex: index,
      validationActions: spec.validationActions ?? [],
    }
    this.#attributes.annotate?.(
      "validation.policy.admission.k8s.io/validation_failure",
      JSON.stringify([failure]),
    )
  }

  publish(): void {
    for (const [name, values] of this.#values) this.#attributes.annotate?.(name, values.join(", "))
  }
}
