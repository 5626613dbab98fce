import { isStatusError } from "../../apimachinery/status-error.ts"
import { unauthorized } from "../../apimachinery/status-errors.ts"
import type { AuthenticationInput, UserInfo } from "../authentication/authenticator.ts"
import type { Next, RequestContext, Stage } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import { auditFailedAuthentication } from "./audit.ts"

/** Who is it? Components of this process have been told apart already. */
export const authenticate: Stage = (context, next) => {
  const { user } = context.request
  if (!user) return answerAuthenticated(context, next)
  context.user = user
  return next()
}

async function answerAuthenticated(context: RequestContext, next: Next): Promise<ServerResponse> {
  const { headers, peerCertificates } = context.request
  const { path } = context.info
  const input = peerCertificates ? { headers, peerCertificates, path } : { headers, path }
  context.user = await authenticated(context, input)
  return next()
}

async function authenticated(context: RequestContext, input: AuthenticationInput): Promise<UserInfo> {
  const { authenticator, clock, metrics } = context.server
  const beganMs = clock.monotonic()
  const told = (result: "success" | "failure" | "error", user = "") =>
    metrics.access.authenticated(result, user, (clock.monotonic() - beganMs) / 1000)
  try {
    const authentication = await authenticator.authenticate(input)
    if (!authentication) throw unauthorized("Unauthorized")
    const { user, annotations = {}, warnings = [] } = authentication
    for (const [key, value] of Object.entries(annotations)) context.annotations.set(key, value)
    context.warnings.push(...warnings)
    told("success", user.name)
    return user
  } catch (error) {
    told(isStatusError(error, "Unauthorized") ? "failure" : "error")
    const { cause } = error as { cause?: unknown }
    context.server.log.debug("unable to authenticate the request", { error: String(cause ?? error) })
    auditFailedAuthentication(context)
    throw error
  }
}
