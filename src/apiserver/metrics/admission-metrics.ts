import { Counter, Histogram, type Metric } from "../../base/metrics.ts"

/** One call of a webhook, as upstream tells calls apart. */
export interface WebhookCall {
  readonly name: string
  readonly type: "admit" | "validating"
  readonly operation: string
  /** The request ended with it. */
  readonly rejected: boolean
  /** What the webhook's answer, or the failure to get one, stands for. */
  readonly code: number
}

/** As upstream calls mutating and validating. */
export type AdmissionStep = "admit" | "validate"

/** What came of a policy's validation. */
export type PolicyAction = "allow" | "deny" | "audit" | "warn"

export interface PolicyCheck {
  readonly policy: string
  readonly binding: string
  /** What went wrong; absent: the validation was evaluated. */
  readonly error?: string
}

const checkLabels = ["policy", "policy_binding", "error_type", "enforcement_action"]
const stepBounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
const labels = ["name", "type", "operation", "rejected"]
const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25]

/** How admission fares, under upstream's names. */
export class AdmissionMetrics {
  readonly #steps = new Histogram(
    {
      name: "apiserver_admission_step_admission_duration_seconds",
      help: "[STABLE] Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).",
      labels: ["type", "operation", "rejected"],
    },
    stepBounds,
  )
  readonly #plugins = new Histogram(
    {
      name: "apiserver_admission_controller_admission_duration_seconds",
      help: "[STABLE] Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).",
      labels: ["name", "type", "operation", "rejected"],
    },
    stepBounds,
  )
  readonly #checks = new Counter({
    name: "apiserver_validating_admission_policy_check_total",
    help: "[BETA] Validation admission policy check total, labeled by policy and further identified by binding and enforcement action taken.",
    labels: checkLabels,
  })
  readonly #checkTimes = new Histogram(
    {
      name: "apiserver_validating_admission_policy_check_duration_seconds",
      help: "[BETA] Validation admission latency for individual validation expressions in seconds, labeled by policy and further including binding and enforcement action taken.",
      labels: checkLabels,
    },
    [5e-7, 0.001, 0.01, 0.1, 1],
  )
  readonly #times = new Histogram(
    {
      name: "apiserver_admission_webhook_admission_duration_seconds",
      help: "[STABLE] Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).",
      labels,
    },
    bounds,
  )
  readonly #calls = new Counter({
    name: "apiserver_admission_webhook_request_total",
    help: "[ALPHA] Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.",
    labels: ["name", "type", "operation", "code", "rejected"],
  })
  readonly #rejections = new Counter({
    name: "apiserver_admission_webhook_rejection_count",
    help: "[ALPHA] Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.",
    labels: ["name", "type", "operation", "error_type", "rejection_code"],
  })
  readonly #failedOpen = new Counter({
    name: "apiserver_admission_webhook_fail_open_count",
    help: "[ALPHA] Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).",
    labels: ["name", "type"],
  })

  get metrics(): readonly Metric[] {
    return [
      this.#steps,
      this.#plugins,
      this.#checks,
      this.#checkTimes,
      this.#times,
      this.#calls,
      this.#rejections,
      this.#failedOpen,
    ]
  }

  /** One plugin has said its word, or (no name) all of them. */
  ended(
    plugin: string,
    { step, operation, rejected }: { step: AdmissionStep; operation: string; rejected: boolean },
    seconds: number,
  ): void {
    if (plugin === "") this.#steps.observe(seconds, step, operation, String(rejected))
    else this.#plugins.observe(seconds, plugin, step, operation, String(rejected))
  }

  policyChecked({ policy, binding, error }: PolicyCheck, action: PolicyAction, seconds: number): void {
    const labels = [policy, binding, errorType(error), action]
    this.#checks.add(1, ...labels)
    this.#checkTimes.observe(seconds, ...labels)
  }

  called({ name, type, operation, rejected, code }: WebhookCall, seconds: number): void {
    this.#times.observe(seconds, name, type, operation, String(rejected))
    this.#calls.add(1, name, type, operation, String(code), String(rejected))
  }

  rejected({ name, type, operation, code }: WebhookCall, why: "calling_webhook_error" | "no_error"): void {
    this.#rejections.add(1, name, type, operation, why, String(code))
  }

  failedOpen(name: string, type: WebhookCall["type"]): void {
    this.#failedOpen.add(1, name, type)
  }
}

function errorType(error: string | undefined): string {
  if (error === undefined) return "no_error"
  if (error.startsWith("compilation error")) return "compile_error"
  return error.includes("running out of cost budget") ? "out_of_budget" : "invalid_error"
}
