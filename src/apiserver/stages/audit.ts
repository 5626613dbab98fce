import { StatusError } from "../../apimachinery/status-error.ts"
import { internalError } from "../../apimachinery/status-errors.ts"
import { onAbort } from "../../base/on-abort.ts"
import { uuid } from "../../base/random.ts"
import type { AuditRecord } from "../audit/audit-record.ts"
import type { Next, RequestContext, Stage } from "../context.ts"
import { statusOf } from "../encoding/error-response.ts"
import { headerOf } from "../http/request.ts"
import type { ResponseBody, ServerResponse } from "../http/response.ts"
import { isLongRunning } from "./deadline.ts"

/** Gives every request an id that the caller, the log and the audit trail share. */
export const auditId: Stage = (context, next) => {
  // Components of this process read no headers, so without a trail nobody would ever see theirs.
  const isForNobody = context.request.user && !context.server.audit
  return isForNobody ? next() : answerWithId(context, next)
}

async function answerWithId(context: RequestContext, next: Next): Promise<ServerResponse> {
  const { request, server } = context
  context.auditId = headerOf(request.headers, "audit-id") || uuid(server.random)
  const response = await next()
  response.headers["audit-id"] ??= context.auditId
  return response
}

/** Records the request, by the policy: when it comes, when the answer begins to flow, and when all is over. */
export const audit: Stage = (context, next) => {
  const record = context.server.audit?.begin(context)
  return record ? recorded(context, record, next) : next()
}

async function recorded(context: RequestContext, record: AuditRecord, next: Next): Promise<ServerResponse> {
  context.audit = record
  record.write("RequestReceived")
  try {
    const response = await next()
    record.response(response)
    if (isLongRunning(context.info)) record.write("ResponseStarted")
    return { ...response, body: completing(response.body, record, context.request.signal) }
  } catch (error) {
    record.status(statusOf(error instanceof StatusError ? error : internalError(error)))
    if (isLongRunning(context.info)) record.write("ResponseStarted")
    record.write("ResponseComplete")
    throw error
  }
}

/** Who cannot be identified is recorded too, as nobody. */
export function auditFailedAuthentication(context: RequestContext): void {
  const record = context.server.audit?.begin(context)
  const message = attempted(context.request.headers)
  record?.status({ status: "Failure", message, reason: "Unauthorized", code: 401 })
  record?.write("ResponseStarted")
}

function attempted(headers: Parameters<typeof headerOf>[0]): string {
  const methods: string[] = []
  const authorization = headerOf(headers, "authorization").toLowerCase()
  if (authorization.startsWith("basic ")) methods.push("basic")
  if (authorization.startsWith("bearer ")) methods.push("bearer")
  return methods.length > 0
    ? `Authentication failed, attempted: ${methods.join(", ")}`
    : "Authentication failed, no credentials provided"
}

/** The body, and a note when its last byte has been taken. */
function completing(body: ResponseBody, record: AuditRecord, signal: AbortSignal): ResponseBody {
  const complete = () => record.write("ResponseComplete")
  switch (body.kind) {
    case "watch":
      return { ...body, batches: noting(body.batches, complete) }
    case "stream":
      return { ...body, chunks: noting(body.chunks, complete) }
    case "upgraded":
      onAbort(signal, complete)
      return body
    default:
      complete()
      return body
  }
}

async function* noting<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T, void, void> {
  try {
    yield* items
  } finally {
    done()
  }
}
