import { Pod } from "../api/core/v1/pod.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import { bind } from "./bind.ts"
import type { BindContext, Plugin, Reservation } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { QueuedPod } from "./queue/scheduling-queue.ts"
import { reportFailure, reportNomination } from "./report.ts"
import type { SchedulerParts } from "./scheduler-parts.ts"
import { messageOf } from "../base/message-of.ts"

/** A pod that has its place, as far as the next pods are concerned; nothing is written yet. */
export interface Placed {
  readonly queued: QueuedPod
  readonly node: NodeInfo
  readonly held: readonly Held[]
}

/** What was put aside, and by whom. */
interface Held {
  readonly plugin: Plugin
  readonly reservation: Reservation
}

/** Puts aside all that the pod needs on the node. Throws what a plugin says, having put nothing aside. */
export function assume(queued: QueuedPod, node: NodeInfo, parts: SchedulerParts): Placed {
  const { info } = queued
  const { reservers, probe } = parts.profileOf(info)
  const held: Held[] = []
  const begunMs = probe.begin()
  for (const plugin of reservers) {
    try {
      const reservation = plugin.reserve!(info, node, parts.context)
      if (reservation) held.push({ plugin, reservation })
    } catch (error) {
      undo(held)
      probe.took("Reserve", begunMs, "Error")
      throw running("Reserve", plugin.name, error)
    }
  }
  probe.took("Reserve", begunMs)
  parts.view.assume(info.pod, node.name)
  parts.nominations.delete(info.uid)
  return { queued, node, held }
}

/** As if the pod had never been placed. */
export function takeBack({ queued, held }: Placed, { view }: SchedulerParts): void {
  undo(held)
  view.forget(queued.info.uid)
}

/** Prepares, binds, tells. A failure puts the pod back into the queue. */
export async function bindPlaced(placed: Placed, startedMs: number, parts: SchedulerParts): Promise<void> {
  const { queued, node } = placed
  const { info } = queued
  try {
    await measured("PreBind", placed, parts, prepare)
    await measured("Bind", placed, parts, bindTo)
  } catch (error) {
    return giveUp(placed, error, startedMs, parts)
  }
  recordScheduled(queued, startedMs, parts)
  const { namespace, name } = info.pod.metadata
  const note = `Successfully assigned ${namespace}/${name} to ${node.name}`
  const said = { type: "Normal", reason: "Scheduled", action: "Binding", note } as const
  parts.events.record({ regarding: info.pod, ...said })
}

async function measured(
  point: "PreBind" | "Bind",
  placed: Placed,
  parts: SchedulerParts,
  work: (placed: Placed, parts: SchedulerParts) => Promise<void>,
): Promise<void> {
  const { probe } = parts.profileOf(placed.queued.info)
  const begunMs = probe.begin()
  try {
    await work(placed, parts)
  } catch (error) {
    probe.took(point, begunMs, "Error")
    throw error
  }
  probe.took(point, begunMs)
}

/** What takes its time before the pod can be bound. Meanwhile the pod says where it is going to be. */
async function prepare({ queued, node, held }: Placed, parts: SchedulerParts): Promise<void> {
  const preparing = held.filter(({ reservation }) => reservation.prepare)
  if (preparing.length === 0) return
  const { client, informers, clock, log } = parts
  const context: BindContext = { client, informers, cache: informers.cache, clock, signal: parts.signal() }
  await reportNomination(queued.info.pod, node.name, parts).catch((error: unknown) =>
    log.warn("cannot nominate", { pod: queued.info.pod.metadata.name, node: node.name, error }),
  )
  for (const { plugin, reservation } of preparing) {
    await reservation.prepare!(context).catch((error: unknown) => {
      throw running("PreBind", plugin.name, error)
    })
  }
}

async function bindTo({ queued: { info }, node }: Placed, parts: SchedulerParts): Promise<void> {
  for (const extender of parts.extenders) {
    if (!extender.binds || !extender.isInterestedIn(info)) continue
    try {
      return await extender.bind(info, node.name, parts.signal())
    } catch (error) {
      if (!extender.isIgnorable) throw error
    }
  }
  await bind(info, node.name, parts.client).catch((error: unknown) => {
    throw running("Bind", "DefaultBinder", error)
  })
}

function giveUp(placed: Placed, error: unknown, startedMs: number, parts: SchedulerParts): void {
  const { queued, node } = placed
  const { log, queue } = parts
  const { info } = queued
  takeBack(placed, parts)
  if (isGone(error) && !parts.view.isPlaced(info.uid)) queue.delete(info.uid)
  else {
    const { namespace, name } = info.pod.metadata
    log.warn("cannot bind", { pod: `${namespace}/${name}`, node: node.name, error })
    failOnTheWay(queued, error, startedMs, parts)
  }
  // Who waits may take what it held.
  queue.onChange(Pod, "delete", undefined, info.pod)
}

/** Something went wrong between the choice and the binding: the pod says so and is tried again after a while. */
export function failOnTheWay(
  queued: QueuedPod,
  error: unknown,
  startedMs: number,
  parts: SchedulerParts,
): void {
  const { info } = queued
  const { metrics, clock, queue, nominations } = parts
  metrics.attempted("error", parts.profileOf(info).schedulerName, clock.monotonic() - startedMs)
  nominations.delete(info.uid)
  const isOver = queued.place === "gone"
  queue.fail(queued)
  // It was bound after all, or is no more.
  if (isOver || parts.signal().aborted) return
  const message = messageOf(error)
  parts.inBackground(reportFailure(info.pod, { reason: "SchedulerError", message, nominated: "" }, parts))
}

/** With upstream's words in front; what the server said is behind it, to be told apart. */
function running(point: "Reserve" | "PreBind" | "Bind", plugin: string, cause: unknown): Error {
  const reason = messageOf(cause)
  return new Error(`running ${point} plugin ${JSON.stringify(plugin)}: ${reason}`, { cause })
}

function isGone(error: unknown): boolean {
  return error instanceof Error && isStatusError(error.cause, "NotFound")
}

function recordScheduled(
  queued: QueuedPod,
  startedMs: number,
  { metrics, clock, profileOf }: SchedulerParts,
) {
  metrics.attempted("scheduled", profileOf(queued.info).schedulerName, clock.monotonic() - startedMs)
  metrics.podAttempts.observe(queued.attempts)
  const attempts = queued.attempts >= 15 ? "15+" : String(queued.attempts)
  const waitedMs = clock.monotonic() - (queued.firstReadyMs ?? startedMs)
  metrics.podDuration.observe(waitedMs / 1000, attempts)
  if (queued.lostPatience) metrics.scheduledAfterFlush.add(1)
}

function undo(held: readonly Held[]): void {
  for (const { reservation } of Array.from(held).reverse()) reservation.undo()
}
