import type { RequestContext } from "./context.ts"
import type { ServerResponse } from "./http/response.ts"

/** Is told of every request when it has been answered. Must not throw and must not wait. */
export interface AuditSink {
  responded(context: RequestContext, auditId: string, response: ServerResponse): void
}
