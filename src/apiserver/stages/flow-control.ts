import { onAbort } from "../../base/on-abort.ts"
import type { RequestContext, Stage } from "../context.ts"
import type { Classified } from "../flow-control/flow-controller.ts"
import { Ticket } from "../flow-control/queue.ts"
import { estimateWork, isWrite, type ResourceFigures } from "../flow-control/work-estimate.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import type { Refusal } from "../metrics/flow-control-metrics.ts"
import { isLongRunning, limitOf } from "./deadline.ts"

const readingMethods = new Set(["GET", "HEAD", "OPTIONS"])

/** A request waits at most for this part of its time; the rest is for being answered. */
const waitingShare = 1 / 4
const longestWaitMs = 60_000

/**
 * Priority and fairness: no more work at once than can be done well, each level of importance has its share, and within a
 * level nobody is starved by a neighbour. Streams do not count; a watch does until it has begun.
 */
export const flowControl: Stage = async (context, next) => {
  const { info, user, server } = context
  const isWatch = info.verb === "watch"
  if (!isWatch && isLongRunning(info)) return next()
  const classified = server.flowController.classify(info, user)
  const ticket = ticketFor(context, classified)
  const entered = classified.level.enter(ticket)
  const outcome = entered === "waiting" ? await wait(context, classified, ticket) : entered
  if (entered === "waiting") context.waitedMs += server.clock.monotonic() - ticket.arrivedMs
  if (outcome !== "running") return refuse(context, classified, ticket, outcome)
  const { flowControl: metrics, requests } = server.metrics
  const kind = readingMethods.has(context.request.method) ? "readOnly" : "mutating"
  metrics.begins(classified, ticket)
  requests.inflight(kind, 1)
  try {
    return withUids(classified, await next())
  } finally {
    requests.inflight(kind, -1)
    classified.level.leave(ticket)
    metrics.ends(classified, ticket, secondsSince(context, ticket.startedMs), isWatch)
  }
}

function ticketFor(context: RequestContext, classified: Classified): Ticket {
  const { info, request, server } = context
  const figures = info.isResource ? figuresOf(context) : undefined
  const work = estimateWork(info, request.query, figures, classified.level.maxSeats)
  const ticket = new Ticket(classified.flow, work, context)
  server.metrics.flowControl.estimated(
    classified,
    ticket.seats,
    isWrite(info) ? figures?.watchers : undefined,
  )
  return ticket
}

function figuresOf({ info, server }: RequestContext): ResourceFigures | undefined {
  const cache = server.resources.find(info.group, info.version, info.resource)?.registry.cache
  if (!cache) return undefined
  const watchers = isWrite(info) ? cache.watchersOf(info.namespace, info.name) : 0
  return { count: cache.size, bytes: cache.bytes, watchers }
}

function refuse(
  context: RequestContext,
  classified: Classified,
  ticket: Ticket,
  why: Refusal,
): ServerResponse {
  const { clock, metrics } = context.server
  metrics.requests.terminated(context, 429)
  metrics.flowControl.refused(classified, why, secondsSince(context, ticket.arrivedMs))
  const { retryAfter } = classified.level
  retryAfter.refused(clock.now() / 1000)
  const headers = { "retry-after": String(retryAfter.seconds) }
  return withUids(classified, textResponse(429, "Too many requests, please try again later.\n", headers))
}

/** So that people can find out which objects decided. Objects that are only in memory have no uid yet. */
function withUids({ schema, configuration }: Classified, response: ServerResponse): ServerResponse {
  if (schema.metadata.uid) response.headers["x-kubernetes-pf-flowschema-uid"] = schema.metadata.uid
  if (configuration.metadata.uid) {
    response.headers["x-kubernetes-pf-prioritylevel-uid"] = configuration.metadata.uid
  }
  return response
}

/** Resolves when the request has its seats, or has waited for too long. */
function wait(
  context: RequestContext,
  classified: Classified,
  ticket: Ticket,
): Promise<"running" | "time-out"> {
  const { server, signal, info } = context
  const limitMs = isLongRunning(info) ? server.requestTimeoutMs : limitOf(context)
  const { flowControl: metrics } = server.metrics
  metrics.waits(classified, ticket)
  return new Promise((resolve) => {
    let forget: () => void = () => {}
    const end = (how: "running" | "time-out") => {
      timer.cancel()
      forget()
      metrics.waitsNoLonger(classified, ticket)
      resolve(how)
    }
    const giveUp = () => {
      classified.level.abandon(ticket)
      end("time-out")
    }
    ticket.start = () => end("running")
    const timer = server.clock.after(Math.min(limitMs * waitingShare, longestWaitMs), giveUp)
    forget = onAbort(signal, giveUp)
  })
}

function secondsSince({ server }: RequestContext, ms: number): number {
  return (server.clock.monotonic() - ms) / 1000
}
