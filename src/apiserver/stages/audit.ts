import { uuid } from "../../base/random.ts"
import type { Stage } from "../context.ts"
import { headerOf } from "../http/request.ts"

/** Gives every request an id that the caller, the log and the audit trail share. */
export const audit: Stage = async (context, next) => {
  const { request, server } = context
  if (!server.audit) return next()
  const auditId = headerOf(request.headers, "audit-id") || uuid(server.random)
  const response = await next()
  response.headers["audit-id"] ??= auditId
  server.audit.responded(context, auditId, response)
  return response
}
