import { StatusError } from "../../apimachinery/status-error.ts"
import type { RequestContext } from "../context.ts"

// How long a read waits for a version that this server has not seen yet.
const waitMs = 3000

/**
 * Makes the cache as new as `resourceVersion` asks, and gives the revision it has then:
 * "" is everything written before now, "0" is whatever there is, a number is at least that
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).
 */
export async function ensureFresh(
  { server: { mirror, clock }, signal }: RequestContext,
  revision: number | undefined,
): Promise<number> {
  if (revision === undefined) return mirror.fresh(signal)
  if (revision <= mirror.revision) return mirror.revision
  const giveUp = new AbortController()
  const timer = clock.after(waitMs, () => giveUp.abort(resourceVersionTooLarge(revision, mirror.revision, 1)))
  try {
    await mirror.waitUntil(revision, giveUp.signal)
    return mirror.revision
  } finally {
    timer.cancel()
  }
}

/** Nobody has written that much yet. */
export function resourceVersionTooLarge(
  asked: number,
  current: number,
  retryAfterSeconds: number,
): StatusError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`
  const cause = { reason: "ResourceVersionTooLarge", message: "Too large resource version" }
  return new StatusError("Timeout", message, {
    details: { causes: [cause], ...(retryAfterSeconds && { retryAfterSeconds }) },
  })
}
