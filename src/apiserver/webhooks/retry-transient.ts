import { StatusError } from "../../apimachinery/status-error.ts"
import { type Clock, sleep } from "../../base/clock.ts"

const attempts = 5
const defaultDelayMs = 500
const factor = 1.5

/** Tries again what failed in a way that may pass: five times, each time after a longer wait. Rejects with the last error. */
export async function retryTransient<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  initialDelayMs = defaultDelayMs,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (failures + 1 >= attempts || signal.aborted || !isTransient(error)) throw error
    }
    await sleep(clock, initialDelayMs * factor ** failures, signal)
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof StatusError)
    return (
      ["InternalError", "TooManyRequests"].includes(error.reason) ||
      error.details?.retryAfterSeconds !== undefined
    )
  return (error as { code?: unknown } | null)?.code === "ECONNRESET"
}
