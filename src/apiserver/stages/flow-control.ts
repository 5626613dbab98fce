import { onAbort } from "../../base/on-abort.ts"
import type { RequestContext, Stage } from "../context.ts"
import type { Classified } from "../flow-control/flow-controller.ts"
import type { PriorityLevel, Waiting } from "../flow-control/priority-level.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import { isLongRunning } from "./deadline.ts"

const readingMethods = new Set(["GET", "HEAD", "OPTIONS"])

/** A request waits at most for this part of its time; the rest is for being answered. */
const waitingShare = 1 / 4

/**
 * Priority and fairness: no more requests at once than can be answered well, each level of importance has its share, and
 * within a level nobody is starved by a neighbour. Streams do not count.
 */
export const flowControl: Stage = async (context, next) => {
  const { info, user, server } = context
  if (isLongRunning(info)) return next()
  const classified = server.flowController.classify(info, user)
  const { level } = classified
  if (!level) return answer(context, classified, next)
  const admitted = await enter(context, level, classified.flowHash)
  if (!admitted) {
    server.metrics.refusedByFlowControl(level.name, classified.schema.metadata.name)
    return withUids(classified, tooMany())
  }
  try {
    return await answer(context, classified, next)
  } finally {
    level.leave()
  }
}

async function answer(
  { request, server }: RequestContext,
  classified: Classified,
  next: () => Promise<ServerResponse>,
): Promise<ServerResponse> {
  const kind = readingMethods.has(request.method) ? "readOnly" : "mutating"
  server.metrics.inflight(kind, 1)
  try {
    return withUids(classified, await next())
  } finally {
    server.metrics.inflight(kind, -1)
  }
}

function tooMany(): ServerResponse {
  return textResponse(429, "Too many requests, please try again later.\n", { "retry-after": "1" })
}

/** So that people can find out which objects decided. Objects that are only in memory have no uid yet. */
function withUids({ schema, configuration }: Classified, response: ServerResponse): ServerResponse {
  if (schema.metadata.uid) response.headers["x-kubernetes-pf-flowschema-uid"] = schema.metadata.uid
  if (configuration.metadata.uid) {
    response.headers["x-kubernetes-pf-prioritylevel-uid"] = configuration.metadata.uid
  }
  return response
}

/** Resolves with true when the request has a seat, with false when it is refused or has waited too long. */
function enter(context: RequestContext, level: PriorityLevel, flowHash: number): boolean | Promise<boolean> {
  let begin: (admitted: boolean) => void = () => {}
  const waiting: Waiting = { cancelled: false, start: () => begin(true) }
  const entered = level.enter(flowHash, waiting)
  if (entered !== "waiting") return entered === "running"
  const { server, signal } = context
  return new Promise<boolean>((resolve) => {
    const giveUp = () => {
      level.abandon(waiting)
      begin(false)
    }
    const timer = server.clock.after(server.requestTimeoutMs * waitingShare, giveUp)
    const forget = onAbort(signal, giveUp)
    begin = (admitted) => {
      timer.cancel()
      forget()
      resolve(admitted)
    }
  })
}
