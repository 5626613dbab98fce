import { internalError } from "../../apimachinery/status-errors.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { Stage } from "../context.ts"
import { errorResponse } from "../encoding/error-response.ts"

/** Turns whatever is thrown further in into an answer; nothing gets past. */
export const recover: Stage = async (context, next) => {
  try {
    return await next()
  } catch (error) {
    if (error instanceof StatusError) return errorResponse(context, error)
    // Gone callers read no answer, and an abort is no fault of ours.
    if (!context.request.signal.aborted) {
      context.server.log.error("request failed", {
        method: context.request.method,
        path: context.request.path,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
    return errorResponse(context, internalError(error))
  }
}
