import type { Stage } from "../context.ts"
import { parseRequestInfo } from "../request-info.ts"

/** Finds out what the request is about. */
export const withRequestInfo: Stage = (context, next) => {
  const { method, path, query } = context.request
  context.info = parseRequestInfo(method, path, query)
  return next()
}
