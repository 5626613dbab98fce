import { isStatusError } from "../apimachinery/status-error.ts"
import { bind } from "./bind.ts"
import type { BindContext, Reservation } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { QueuedPod } from "./queue/scheduling-queue.ts"
import type { SchedulerParts } from "./scheduler-parts.ts"

/** A pod that has its place, as far as the next pods are concerned; nothing is written yet. */
export interface Placed {
  readonly queued: QueuedPod
  readonly node: NodeInfo
  readonly reservations: readonly Reservation[]
}

/** Puts aside all that the pod needs on the node. Throws what a plugin says, having put nothing aside. */
export function assume(queued: QueuedPod, node: NodeInfo, parts: SchedulerParts): Placed {
  const { info } = queued
  const reservations: Reservation[] = []
  try {
    for (const plugin of parts.profileOf(info).reservers) {
      const reservation = plugin.reserve!(info, node, parts.context)
      if (reservation) reservations.push(reservation)
    }
  } catch (error) {
    undo(reservations)
    throw error
  }
  parts.view.assume(info.pod, node.name)
  return { queued, node, reservations }
}

/** As if the pod had never been placed. */
export function takeBack({ queued, reservations }: Placed, { view }: SchedulerParts): void {
  undo(reservations)
  view.forget(queued.info.uid)
}

/** Prepares, binds, tells. A failure puts the pod back into the queue. */
export async function bindPlaced(placed: Placed, startedMs: number, parts: SchedulerParts): Promise<void> {
  const { queued, node, reservations } = placed
  const { client, informers, clock, events, nominations } = parts
  const { info } = queued
  const { namespace, name } = info.pod.metadata
  const context: BindContext = {
    client,
    informers,
    cache: informers.cache,
    clock,
    signal: parts.signal(),
  }
  try {
    for (const { permit } of reservations) await permit?.(context)
    for (const { prepare } of reservations) await prepare?.(context)
    const extender = parts.extenders.find((each) => each.binds && each.isInterestedIn(info))
    if (extender) await extender.bind(info, node.name, context.signal)
    else await bind(info, node.name, client)
  } catch (error) {
    return giveUp(placed, error, parts)
  }
  nominations.delete(info.uid)
  recordScheduled(queued, startedMs, parts)
  events.event(info.pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${node.name}`)
}

function giveUp(placed: Placed, error: unknown, parts: SchedulerParts): void {
  const { queued, node } = placed
  const { log, events, queue, metrics } = parts
  const { info } = queued
  takeBack(placed, parts)
  if (isStatusError(error, "NotFound") && !parts.view.isPlaced(info.uid)) return queue.delete(info.uid)
  const { namespace, name } = info.pod.metadata
  log.warn("cannot bind", { pod: `${namespace}/${name}`, node: node.name, error })
  metrics.attempts.add(1, "error", parts.profileOf(info).schedulerName)
  if (!parts.signal().aborted) events.event(info.pod, "Warning", "FailedScheduling", describe(error))
  queue.fail(queued)
}

function describe(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return isStatusError(error) ? `binding rejected: running Bind plugin "DefaultBinder": ${reason}` : reason
}

function recordScheduled(queued: QueuedPod, startedMs: number, parts: SchedulerParts): void {
  const { metrics, clock } = parts
  const profile = parts.profileOf(queued.info).schedulerName
  metrics.attempts.add(1, "scheduled", profile)
  metrics.attemptDuration.observe((clock.monotonic() - startedMs) / 1000, "scheduled", profile)
  metrics.podAttempts.observe(queued.attempts)
  metrics.podDuration.observe((clock.now() - queued.since) / 1000, String(Math.min(queued.attempts, 16)))
}

function undo(reservations: readonly Reservation[]): void {
  for (const reservation of Array.from(reservations).reverse()) reservation.undo()
}
