import { onAbort } from "../../base/on-abort.ts"
import { badRequest, timeout } from "../../apimachinery/status-errors.ts"
import { durationProblem, parseGoDurationMs } from "../parse-duration.ts"
import type { RequestContext, Stage } from "../context.ts"

const longRunningSubresources = new Set(["attach", "exec", "proxy", "log", "portforward"])

/** Watches, logs and streams end when they end; everything else within the server's time limit, or the caller's. */
export function isLongRunning({ verb, subresource, isResource, path }: RequestContext["info"]): boolean {
  if (!isResource) return path.startsWith("/debug/pprof/")
  return verb === "watch" || verb === "proxy" || longRunningSubresources.has(subresource)
}

export const deadline: Stage = async (context, next) => {
  // A component of this process that loses patience says so with a signal of its own.
  if (isLongRunning(context.info) || context.request.user) return next()
  const limitMs = limitOf(context)
  const { clock } = context.server
  const controller = new AbortController()
  const abort = () => controller.abort(signal.reason)
  const { signal } = context.request
  const forget = onAbort(signal, abort)
  const late = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error), {
      once: true,
    })
  })
  const timer = clock.after(limitMs, () =>
    controller.abort(
      timeout("request did not complete within requested timeout - context deadline exceeded"),
    ),
  )
  context.signal = controller.signal
  try {
    return await Promise.race([next(), late])
  } finally {
    timer.cancel()
    forget()
    late.catch(() => {})
  }
}

/** How long the caller, or the server, lets this request take. Throws BadRequest for a `timeout` that is none. */
export function limitOf({ request, server }: RequestContext): number {
  const asked = request.query.get("timeout")
  if (!asked) return server.requestTimeoutMs
  const askedMs = parseGoDurationMs(asked)
  if (askedMs === undefined) {
    throw badRequest(`invalid timeout specified in the request URL - ${durationProblem(asked)}`)
  }
  return askedMs <= 0 ? server.requestTimeoutMs : Math.min(askedMs, server.requestTimeoutMs)
}
