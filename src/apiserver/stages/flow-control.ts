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
  const cameMs = server.clock.monotonic()
  const admitted = level ? await enter(context, classified, level) : "admitted"
  const waitedSeconds = (server.clock.monotonic() - cameMs) / 1000
  if (admitted !== "admitted") {
    server.metrics.flowControl.refused(classified, admitted, waitedSeconds)
    return withUids(classified, tooMany())
  }
  server.metrics.flowControl.begins(classified, waitedSeconds)
  try {
    return await answer(context, classified, next)
  } finally {
    level?.leave()
    const seconds = (server.clock.monotonic() - cameMs) / 1000 - waitedSeconds
    server.metrics.flowControl.ends(classified, seconds)
  }
}

async function answer(
  { request, server }: RequestContext,
  classified: Classified,
  next: () => Promise<ServerResponse>,
): Promise<ServerResponse> {
  const kind = readingMethods.has(request.method) ? "readOnly" : "mutating"
  server.metrics.requests.inflight(kind, 1)
  try {
    return withUids(classified, await next())
  } finally {
    server.metrics.requests.inflight(kind, -1)
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

type Admitted = "admitted" | "queue-full" | "time-out" | "concurrency-limit"

/** Resolves when the request has a seat, is refused one, or has waited too long. */
function enter(
  context: RequestContext,
  classified: Classified,
  level: PriorityLevel,
): Admitted | Promise<Admitted> {
  let begin: (admitted: Admitted) => void = () => {}
  const waiting: Waiting = { cancelled: false, start: () => begin("admitted") }
  const entered = level.enter(classified.flowHash, waiting)
  if (entered === "running") return "admitted"
  if (entered === "refused") return level.hasQueues ? "queue-full" : "concurrency-limit"
  const { server, signal } = context
  const { flowControl: metrics } = server.metrics
  metrics.waits(classified, 1)
  return new Promise<Admitted>((resolve) => {
    const giveUp = () => {
      level.abandon(waiting)
      begin("time-out")
    }
    const timer = server.clock.after(server.requestTimeoutMs * waitingShare, giveUp)
    const forget = onAbort(signal, giveUp)
    begin = (admitted) => {
      timer.cancel()
      forget()
      metrics.waits(classified, -1)
      resolve(admitted)
    }
  })
}
