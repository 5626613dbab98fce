import { isProbe } from "../../apimachinery/health-checks.ts"
import type { Stage } from "../context.ts"
import { textResponse } from "../http/response.ts"

const retryAfterSeconds = 5

/** Once the server is told to stop, it sends newcomers elsewhere; its own components and probes are still answered. */
export const shuttingDown: Stage = (context, next) => {
  const { server, request, info } = context
  if (!server.signal.aborted || request.user) return next()
  if (!info.isResource && isProbe(info.path.split("/")[1] ?? "")) return next()
  const headers = { "retry-after": String(retryAfterSeconds) }
  return Promise.resolve(
    textResponse(429, "The apiserver is shutting down, please try again later.\n", headers),
  )
}
