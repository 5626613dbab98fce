import type { FitError } from "../fit-error.ts"
import type { Feasible } from "../find-node.ts"
import { makeRoom, makeRoomWithExtenders } from "../make-room.ts"
import type { NodeInfo } from "../node-info.ts"
import { assume, bindPlaced, failOnTheWay } from "../place-pod.ts"
import type { PodInfo } from "../pod-info.ts"
import type { QueuedPod } from "../queue/scheduling-queue.ts"
import { prepareFilters, runChecksWithNominated } from "../run-filters.ts"
import type { SchedulerParts } from "../scheduler-parts.ts"

/** Scores of extenders go to 10, those of plugins to 100. */
const extenderScale = 100 / 10

/**
 * As any pod is tried, but programs outside are asked, which takes time: meanwhile the cluster may change. So the choice is
 * checked once more at the end, and a pod that found nothing while something happened is tried again rather than left waiting.
 */
export async function scheduleWithExtenders(
  queued: QueuedPod,
  startedMs: number,
  parts: SchedulerParts,
): Promise<void> {
  const { info } = queued
  const { queue, context } = parts
  const profile = parts.profileOf(info)
  const before = queue.changes
  try {
    const found = profile.finder.findFeasible(info, context)
    if (found.kind === "unschedulable") return await wait(found.error)
    const nodes = await askFilters(info, found, parts)
    if (nodes.length === 0)
      return await wait({ rejections: found.rejections, plugins: new Set(found.rejecters) })
    const extra = await askPriorities(info, nodes, parts)
    const node = profile.finder.best(info, nodes, context, extra)
    if (!stillFits(info, node, parts)) return queue.fail(queued)
    parts.inBackground(bindPlaced(assume(queued, node, parts), startedMs, parts))
  } catch (error) {
    failOnTheWay(queued, error, startedMs, parts)
  }

  async function wait(error: FitError): Promise<void> {
    if (queue.changes !== before) return queue.fail(queued)
    if (parts.extenders.some(({ preempts }) => preempts))
      return makeRoomWithExtenders(queued, error, startedMs, parts)
    return makeRoom(queued, error, startedMs, parts)
  }
}

async function askFilters(
  info: PodInfo,
  { nodes, rejections }: Feasible,
  { extenders, signal }: SchedulerParts,
): Promise<readonly NodeInfo[]> {
  let left = nodes
  for (const extender of extenders) {
    if (left.length === 0) break
    if (!extender.filters || !extender.isInterestedIn(info)) continue
    const verdict = await extender.filter(info, left, signal())
    for (const node of left) {
      const rejection = verdict.failed.get(node.name)
      if (rejection) rejections.set(node, extender.name, rejection)
    }
    left = verdict.nodes
  }
  return left
}

async function askPriorities(
  info: PodInfo,
  nodes: readonly NodeInfo[],
  { extenders, signal }: SchedulerParts,
): Promise<number[]> {
  const totals = nodes.map(() => 0)
  await Promise.all(
    extenders
      .filter((extender) => extender.prioritizes && extender.isInterestedIn(info))
      .map(async (extender) => {
        const scores = await extender.prioritize(info, nodes, signal())
        for (const [index, { name }] of nodes.entries())
          totals[index]! += (scores.get(name) ?? 0) * extender.weight * extenderScale
      }),
  )
  return totals
}

function stillFits(info: PodInfo, chosen: NodeInfo, { view, context, profileOf }: SchedulerParts): boolean {
  const node = view.find(chosen.name)
  if (node !== chosen) return false
  const filters = prepareFilters(profileOf(info).filters, info, context)
  return !("everywhere" in filters) && !runChecksWithNominated(filters.checks, info, node, context)
}
