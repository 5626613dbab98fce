import { onAbort } from "../../base/on-abort.ts"
import { badRequest, timeout } from "../../apimachinery/status-errors.ts"
import { durationProblem, parseGoDurationMs } from "../parse-duration.ts"
import type { Next, RequestContext, Stage } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"

const longRunningSubresources = new Set(["attach", "exec", "proxy", "log", "portforward"])

/** Watches, logs and streams end when they end; everything else within the server's time limit, or the caller's. */
export function isLongRunning({ verb, subresource, isResource, path }: RequestContext["info"]): boolean {
  if (!isResource) return path.startsWith("/debug/pprof/")
  return verb === "watch" || verb === "proxy" || longRunningSubresources.has(subresource)
}

export const deadline: Stage = (context, next) => {
  // A component of this process that loses patience says so with a signal of its own.
  const isFree = isLongRunning(context.info) || context.request.user
  return isFree ? next() : withinLimit(context, next)
}

async function withinLimit(context: RequestContext, next: Next): Promise<ServerResponse> {
  const limitMs = limitOf(context)
  const { signal } = context.request
  const controller = new AbortController()
  context.signal = controller.signal
  return new Promise((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      controller.abort(reason)
      reject(reason)
    }
    const forget = onAbort(signal, () => giveUp(signal.reason))
    const timer = context.server.clock.after(limitMs, () => {
      context.server.metrics.requests.terminated(context, 504)
      giveUp(timeout("request did not complete within requested timeout - context deadline exceeded"))
    })
    answered(next)
      .finally(() => {
        timer.cancel()
        forget()
      })
      .then(resolve, reject)
  })
}

/** What is thrown at once rejects, like all that comes later. */
async function answered(next: Next): Promise<ServerResponse> {
  return next()
}

export function limitOf({ request, server }: RequestContext): number {
  const asked = request.query.get("timeout")
  if (!asked) return server.requestTimeoutMs
  const askedMs = parseGoDurationMs(asked)
  if (askedMs === undefined) {
    throw badRequest(`invalid timeout specified in the request URL - ${durationProblem(asked)}`)
  }
  return askedMs <= 0 ? server.requestTimeoutMs : Math.min(askedMs, server.requestTimeoutMs)
}
