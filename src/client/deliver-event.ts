import { type Clock, sleep } from "../base/clock.ts"
import type { Random } from "../base/random.ts"
import { isStatusError, type StatusError } from "../apimachinery/status-error.ts"

export interface DeliveryOptions {
  readonly clock: Clock
  readonly random: Random
  /** Ends what is still being retried. */
  readonly signal?: AbortSignal
}

const maxTries = 12
const retryMs = 10_000

/**
 * Does a write until it is done or refused; gives the refusal. The server's word is final (its namespace is going away,
 * say); a broken connection is not.
 */
export async function deliverEvent(
  write: () => Promise<unknown>,
  { clock, random, signal }: DeliveryOptions,
): Promise<StatusError | undefined> {
  for (let tries = 0; tries < maxTries; tries++) {
    // What is said while stopping is still worth one try.
    if (tries > 0 && signal?.aborted) return undefined
    try {
      await write()
      return undefined
    } catch (error) {
      if (isStatusError(error) && !isStatusError(error, "ServiceUnavailable", "TooManyRequests")) return error
      await sleep(clock, retryMs * (tries === 0 ? random.next() : 1), signal)
    }
  }
  return undefined
}

/** Whether a change of an event was taken; false when the event is not there: not yet, or not any more. */
export async function isTaken(patch: Promise<unknown>): Promise<boolean> {
  try {
    await patch
    return true
  } catch (error) {
    if (isStatusError(error, "NotFound")) return false
    throw error
  }
}
