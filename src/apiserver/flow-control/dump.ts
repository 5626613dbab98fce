import { formatMicroTime } from "../../apimachinery/time.ts"
import type { Clock } from "../../base/clock.ts"
import type { RequestContext } from "../context.ts"
import type { Page, PageContent } from "../paths/pages.ts"
import type { FlowController } from "./flow-controller.ts"
import type { PriorityLevel } from "./priority-level.ts"
import type { Queue, Ticket } from "./queue.ts"
import { totalWork } from "./work-estimate.ts"

/**
 * What the levels, their queues and the requests in them are doing, below `/debug/api_priority_and_fairness`
 * (https://kubernetes.io/docs/reference/debug-cluster/flow-control/).
 */
export function pageOfFlowControl(controller: FlowController, clock: Clock): Page {
  return ([name = "", ...rest], query) => {
    if (rest.length > 0) return undefined
    const began = clock.now() - clock.monotonic()
    return dump(name, controller, query, (monotonicMs) => began + monotonicMs)
  }
}

function dump(
  name: string,
  controller: FlowController,
  query: URLSearchParams,
  wallClockOf: (monotonicMs: number) => number,
): PageContent | undefined {
  const levels = [...controller.levels].sort((a, b) => (a.name < b.name ? -1 : 1))
  switch (name) {
    case "dump_priority_levels":
      return table([levelColumns, ...levels.map(levelRow)])
    case "dump_queues":
      return table([
        queueColumns,
        ...levels.flatMap((level) => level.queues.map((each) => queueRow(level, each))),
      ])
    case "dump_requests": {
      const isDetailed = (query.get("includeRequestDetails") ?? "") !== ""
      const columns = isDetailed ? [...requestColumns, ...detailColumns] : requestColumns
      const rows = levels.flatMap((level) =>
        [...placesOf(level)].map((place) => requestRow(place, isDetailed, wallClockOf)),
      )
      return table([columns, ...rows])
    }
    default:
      return undefined
  }
}

const levelColumns = [
  "PriorityLevelName",
  "ActiveQueues",
  "IsIdle",
  "IsQuiescing",
  "WaitingRequests",
  "ExecutingRequests",
  "DispatchedRequests",
  "RejectedRequests",
  "TimedoutRequests",
  "CancelledRequests",
]

function levelRow(level: PriorityLevel): string[] {
  const { name, queues, isIdle, isQuiescing, waiting, running, counts } = level
  const active = queues.filter((queue) => queue.waiting.length > 0).length
  const { dispatched, rejected, cancelled } = counts
  // As upstream, who has waited for too long counts among those that went away.
  const timedOut = 0
  return [
    name,
    active,
    isIdle,
    isQuiescing,
    waiting,
    running.size,
    dispatched,
    rejected,
    timedOut,
    cancelled,
  ].map(String)
}

const queueColumns = [
  "PriorityLevelName",
  "Index",
  "PendingRequests",
  "ExecutingRequests",
  "SeatsInUse",
  "NextDispatchR",
  "InitialSeatsSum",
  "MaxSeatsSum",
  "TotalWorkSum",
]

function queueRow({ name }: PriorityLevel, queue: Queue): string[] {
  const { index, waiting, running, seatsInUse, nextAt } = queue
  const sum = (figure: (ticket: Ticket) => number) => waiting.reduce((all, ticket) => all + figure(ticket), 0)
  const figures = [index, waiting.length, running, seatsInUse].map(String)
  const seats = [sum(({ work }) => work.initialSeats), sum((ticket) => ticket.seats)].map(String)
  return [name, ...figures, seatSeconds(nextAt), ...seats, seatSeconds(sum(({ work }) => totalWork(work)))]
}

const seatSeconds = (work: number) => `${work.toFixed(8)}ss`

const requestColumns = [
  "PriorityLevelName",
  "FlowSchemaName",
  "QueueIndex",
  "RequestIndexInQueue",
  "FlowDistingsher",
  "ArriveTime",
  "InitialSeats",
  "FinalSeats",
  "AdditionalLatency",
  "StartTime",
]
const detailColumns = [
  "UserName",
  "Verb",
  "APIPath",
  "Namespace",
  "Name",
  "APIVersion",
  "Resource",
  "SubResource",
]

interface Place {
  readonly level: PriorityLevel
  readonly ticket: Ticket
  /** -1: it runs. */
  readonly index: number
}

function* placesOf(level: PriorityLevel): Iterable<Place> {
  for (const queue of level.queues) {
    for (const [index, ticket] of queue.waiting.entries()) yield { level, ticket, index }
  }
  for (const ticket of level.running) yield { level, ticket, index: -1 }
}

function requestRow(
  { level, ticket, index }: Place,
  isDetailed: boolean,
  wallClockOf: (monotonicMs: number) => number,
): string[] {
  const { flow, queue, work, arrivedMs, startedMs } = ticket
  const row = [
    level.name,
    flow.schema,
    String(queue?.index ?? -1),
    String(index),
    flow.distinguisher,
    timeOf(wallClockOf(arrivedMs)),
    String(work.initialSeats),
    String(work.finalSeats),
    `${work.additionalMs}ms`.replace(/^0ms$/, "0s"),
    index < 0 ? timeOf(wallClockOf(startedMs)) : "0001-01-01T00:00:00Z",
  ]
  if (!isDetailed) return row
  const { user, info } = ticket.about as Pick<RequestContext, "user" | "info">
  const apiVersion = info.group === "" ? info.version : `${info.group}/${info.version}`
  return [
    ...row,
    user.name,
    info.verb,
    info.path,
    info.namespace,
    info.name,
    apiVersion,
    info.resource,
    info.subresource,
  ]
}

/** Without zeros at the end, as Go writes it. */
const timeOf = (milliseconds: number) => formatMicroTime(milliseconds).replace(/\.?0*Z$/, "Z")

/** Cells end in commas, and are as wide as the widest of their column, eight at least. */
function table(rows: readonly (readonly string[])[]): PageContent {
  const cells = rows.map((row) => row.map((cell, index) => (index < row.length - 1 ? `${cell},` : cell)))
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(8, ...cells.map((row) => (row[column] ?? "").length + 1)),
  )
  const lines = cells.map((row) =>
    row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index]!) : cell)).join(""),
  )
  return { contentType: "text/plain; charset=utf-8", text: lines.map((line) => `${line}\n`).join("") }
}
