import type { AuditRecord } from "./audit/audit-record.ts"
import type { UserInfo } from "./authentication/authenticator.ts"
import type { OutputFormat } from "./encoding/output-format.ts"
import type { ServerRequest } from "./http/request.ts"
import type { ServerResponse } from "./http/response.ts"
import type { RequestInfo } from "./request-info.ts"
import type { ServerParts } from "./server-parts.ts"

/** One request on its way through the stages. A field that a stage sets is valid from that stage inwards. */
export interface RequestContext {
  readonly server: ServerParts
  readonly request: ServerRequest
  /** `clock.monotonic()` on arrival. */
  readonly startedMs: number
  /** What of its time it waited for others: for its turn, and for webhooks. Whoever makes it wait adds to it. */
  waitedMs: number
  /** Set by stages/request-info.ts. */
  info: RequestInfo
  /** Set by stages/authenticate.ts, replaced by stages/impersonate.ts. */
  user: UserInfo
  /** Set by stages/impersonate.ts: the verb that allowed it, where it is one of the narrow ones. */
  impersonationConstraint: string | undefined
  /** Aborts when the caller has gone or the deadline has passed. Narrowed by stages/deadline.ts. */
  signal: AbortSignal
  /** Texts of `Warning` headers; anyone may add. */
  readonly warnings: string[]
  /** What the caller can read. Set by stages/negotiate.ts; plain JSON before. */
  format: OutputFormat
  /** Set by stages/audit.ts: what the caller, the log and the audit trail call this request. */
  auditId: string
  /** Set by stages/audit.ts when the request is recorded. */
  audit: AuditRecord | undefined
  /** For the audit event; anyone may add. */
  readonly annotations: Map<string, string>
}

/** One layer of the request path. Calls `next` at most once. */
export type Stage = (context: RequestContext, next: Next) => Promise<ServerResponse>

export type Next = () => Promise<ServerResponse>

/** What answers in the end. */
export type Handler = (context: RequestContext) => Promise<ServerResponse>
