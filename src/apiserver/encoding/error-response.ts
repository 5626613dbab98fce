import type { Status, StatusError } from "../../apimachinery/status-error.ts"
import type { RequestContext } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import { negotiateForFailure } from "./negotiate.ts"
import { respondStatus } from "./respond-plain.ts"

/** A failure as a Status in the negotiated format; in JSON when that is what could not be agreed on. */
export function errorResponse(context: RequestContext, error: StatusError): ServerResponse {
  const retryAfter = error.details?.retryAfterSeconds
  const headers: Record<string, string> = retryAfter ? { "retry-after": String(retryAfter) } : {}
  const format = negotiateForFailure(context.request)
  return respondStatus({ format }, error.code, statusOf(error), headers)
}

/** Errors that carry more than a Status has room for. */
interface WithContinue {
  readonly listContinue?: string
}

export function statusOf(error: StatusError): Status {
  const { listContinue } = error as StatusError & WithContinue
  const status = error.toStatus()
  // "Unknown" is Go's name for no reason at all.
  const { reason: _, ...withoutReason } = status
  const told = error.reason === "Unknown" ? withoutReason : status
  return listContinue ? { ...told, metadata: { continue: listContinue } } : told
}
