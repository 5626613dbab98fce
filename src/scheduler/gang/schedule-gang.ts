import type { PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { type FitError, formatFitError } from "../fit-error.ts"
import type { Plugin } from "../framework.ts"
import { makeRoom } from "../make-room.ts"
import { assume, bindPlaced, type Placed, takeBack } from "../place-pod.ts"
import { gangScheduling, membersOf, podGroupOf } from "../plugins/gang-scheduling.ts"
import type { PodInfo } from "../pod-info.ts"
import type { QueuedPod } from "../queue/scheduling-queue.ts"
import { Rejections } from "../rejections.ts"
import { reportFailure } from "../report.ts"
import type { SchedulerParts } from "../scheduler-parts.ts"
import { reportGroup } from "./report-group.ts"
import { messageOf } from "../../base/message-of.ts"

/** A group of which so many pods are placed together, or none. */
export interface Gang {
  readonly group: PodGroup
  readonly minCount: number
}

interface Failure {
  readonly queued: QueuedPod
  readonly error: FitError
}

const waitingText = "waiting for minCount pods from a gang to be scheduled"

/** Undefined for a pod that belongs to no gang. */
export function findGang(info: PodInfo, { informers, profileOf }: SchedulerParts): Gang | undefined {
  if (!info.pod.spec.schedulingGroup || !profileOf(info).gates.includes(gangScheduling)) return undefined
  const group = podGroupOf(info.pod, informers.cache)
  const minCount = group?.spec.schedulingPolicy.gang?.minCount
  return group && minCount !== undefined ? { group, minCount } : undefined
}

/**
 * All waiting pods of the gang are tried in one go, which nothing can come between: each is placed as if those before it
 * were there. Enough of them placed: they are all bound. Not enough: it is as if none had been tried, and no pod of the gang
 * holds room that the gang as a whole can't use.
 */
export function scheduleGang(gang: Gang, first: QueuedPod, startedMs: number, parts: SchedulerParts): void {
  const placed: Placed[] = []
  const failures: Failure[] = []
  for (const queued of takeMembers(first, parts)) {
    const result = tryOne(queued, parts)
    if ("node" in result) placed.push(result)
    else failures.push(result)
  }
  const there = membersOf(first.info.pod, parts.informers.cache).filter(({ metadata }) =>
    parts.view.isPlaced(metadata.uid),
  ).length
  if (there >= gang.minCount) {
    for (const each of placed) parts.inBackground(bindPlaced(each, startedMs, parts))
    for (const { queued, error } of failures) makeRoom(queued, error, startedMs, parts)
  } else giveUp(gang, placed, failures, startedMs, parts)
  parts.inBackground(reportGroup(gang.group, there >= gang.minCount, parts))
}

/** The pod at hand, and all others of its gang that wait. */
function takeMembers(first: QueuedPod, { queue, informers }: SchedulerParts): QueuedPod[] {
  const others = membersOf(first.info.pod, informers.cache)
    .filter(({ metadata, spec }) => !spec.nodeName && !metadata.deletionTimestamp)
    .map(({ metadata }) => queue.takeNamed(metadata.uid))
    .filter((queued) => queued !== undefined)
  return [first, ...others.sort((a, b) => b.info.priority - a.info.priority || a.since - b.since)]
}

function tryOne(queued: QueuedPod, parts: SchedulerParts): Placed | Failure {
  const { info } = queued
  const { finder } = parts.profileOf(info)
  try {
    const found = finder.findFeasible(info, parts.context)
    if (found.kind === "unschedulable") return { queued, error: found.error }
    return assume(queued, finder.best(info, found.nodes, parts.context), parts)
  } catch (error) {
    const message = messageOf(error)
    return { queued, error: waiting(parts, new Set(), message) }
  }
}

function giveUp(
  gang: Gang,
  placed: readonly Placed[],
  failures: readonly Failure[],
  startedMs: number,
  parts: SchedulerParts,
): void {
  for (const each of Array.from(placed).reverse()) {
    takeBack(each, parts)
    parts.nominations.follow(each.queued.info)
  }
  // What may help one that failed may help them all.
  const rejecters = new Set<Plugin>([gangScheduling])
  for (const { error } of failures) for (const plugin of error.plugins) rejecters.add(plugin)
  for (const { queued, error } of failures) {
    // Room is made only where it would be enough for the gang.
    const enough = placed.length + failures.length >= gang.minCount && failures.length <= 1
    if (enough) makeRoom(queued, error, startedMs, parts)
    else reject(queued, { ...error, plugins: new Set([...error.plugins, gangScheduling]) }, parts)
  }
  for (const { queued } of placed) reject(queued, waiting(parts, rejecters, waitingText), parts)
}

function reject(queued: QueuedPod, error: FitError, parts: SchedulerParts): void {
  parts.metrics.attempts.add(1, "unschedulable", parts.profileOf(queued.info).schedulerName)
  parts.queue.reject(queued, error)
  const failure = { reason: "Unschedulable", message: formatFitError(error), nominated: undefined } as const
  parts.inBackground(reportFailure(queued.info.pod, failure, parts))
}

function waiting({ view }: SchedulerParts, plugins: ReadonlySet<Plugin>, message: string): FitError {
  return { rejections: new Rejections(view.nodes), plugins, message }
}
