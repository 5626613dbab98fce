import { StatusError } from "../../../apimachinery/status-error.ts"
import type { Clock } from "../../../base/clock.ts"
import type { AdmissionMetrics, WebhookCall } from "../../metrics/admission-metrics.ts"
import { CallError } from "./call-error.ts"
import type { Webhook } from "./hooks.ts"

export interface ObservingContext {
  readonly clock: Clock
  readonly admissionMetrics: AdmissionMetrics
}

/** Counts a call and how it ended; passes on what it gave. */
export async function observeCall<T>(
  { name, failurePolicy }: Webhook,
  call: Pick<WebhookCall, "type" | "operation">,
  { clock, admissionMetrics }: ObservingContext,
  work: () => Promise<T>,
): Promise<T> {
  const beganMs = clock.monotonic()
  const told = (rejected: boolean, code: number): WebhookCall => {
    const whole = { ...call, name, rejected, code }
    admissionMetrics.called(whole, (clock.monotonic() - beganMs) / 1000)
    return whole
  }
  try {
    const answer = await work()
    told(false, 200)
    return answer
  } catch (error) {
    if (!(error instanceof CallError)) {
      admissionMetrics.rejected(told(true, codeOf(error)), "no_error")
    } else if (failurePolicy === "Ignore") {
      told(false, codeOf(error.cause))
      admissionMetrics.failedOpen(name, call.type)
    } else admissionMetrics.rejected(told(true, codeOf(error.cause)), "calling_webhook_error")
    throw error
  }
}

/** Whoever could not be reached counts as unavailable. */
function codeOf(error: unknown): number {
  return error instanceof StatusError ? error.code : 503
}
