import { StatusError } from "../../apimachinery/status-error.ts"
import type { RequestContext, Stage } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import { isLongRunning } from "./deadline.ts"

/** Counts every answer; `/metrics` tells. */
export const count: Stage = async (context, next) => {
  const { requests } = context.server.metrics
  try {
    const response = await next()
    requests.answered(context, response.status)
    return isLongRunning(context.info) ? untilEnd(context, response) : measured(context, response)
  } catch (error) {
    requests.answered(context, error instanceof StatusError ? error.code : 500)
    throw error
  }
}

/** What is read is measured as it is encoded: callers in this process take objects, which have no size. */
function measured(context: RequestContext, response: ServerResponse): ServerResponse {
  const { body } = response
  if (body.kind !== "object" || !["get", "list"].includes(context.info.verb)) return response
  const encode = () => summed(context, body.encode())
  return { ...response, body: { ...body, value: () => body.value(), encode } }
}

function* summed(context: RequestContext, pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  let bytes = 0
  for (const piece of pieces) {
    bytes += piece.length
    yield piece
  }
  context.server.metrics.requests.told(context, bytes)
}

/** A stream is open as long as somebody reads it. */
function untilEnd(context: RequestContext, response: ServerResponse): ServerResponse {
  const { body } = response
  if (body.kind === "watch")
    return { ...response, body: { ...body, batches: counted(context, body.batches) } }
  if (body.kind === "stream") return { ...response, body: { ...body, chunks: counted(context, body.chunks) } }
  return response
}

async function* counted<T>(context: RequestContext, items: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  const { requests } = context.server.metrics
  requests.longRunning(context, 1)
  try {
    yield* items
  } finally {
    requests.longRunning(context, -1)
  }
}
