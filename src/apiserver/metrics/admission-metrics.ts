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

const labels = ["name", "type", "operation", "rejected"]
const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25]

/** How webhooks fare, under upstream's names. */
export class AdmissionMetrics {
  readonly #times = new Histogram(
    {
      name: "apiserver_admission_webhook_admission_duration_seconds",
      help: "How long webhooks took to answer.",
      labels,
    },
    bounds,
  )
  readonly #calls = new Counter({
    name: "apiserver_admission_webhook_request_total",
    help: "Calls of webhooks.",
    labels: ["name", "type", "operation", "code", "rejected"],
  })
  readonly #rejections = new Counter({
    name: "apiserver_admission_webhook_rejection_count",
    help: "Requests that ended with a webhook: because it said no, or because it could not be asked.",
    labels: ["name", "type", "operation", "error_type", "rejection_code"],
  })
  readonly #failedOpen = new Counter({
    name: "apiserver_admission_webhook_fail_open_count",
    help: "Webhooks that could not be asked while that did not matter.",
    labels: ["name", "type"],
  })

  get metrics(): readonly Metric[] {
    return [this.#times, this.#calls, this.#rejections, this.#failedOpen]
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
