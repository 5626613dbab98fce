import type { Pod } from "../../api/core/v1/pod.ts"
import { exponentialMs } from "../../client/backoff.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { createPod, deletePod } from "../shared/pod-control.ts"
import { slowStart } from "../shared/slow-start.ts"
import { daemonPod, nodeOf } from "./daemon-pod.ts"
import type { DaemonChanges, DaemonPlan, DaemonView } from "./plan.ts"

/** More are not created or deleted at once; the next round does the rest. */
const burst = 250
const firstPauseMs = 1000
const longestPauseMs = 15 * 60_000

/** When a daemon may be tried again on a node where it failed: 1 s, 2 s, 4 s ... 15 min. */
export class FailedNodes {
  readonly #failures = new Map<string, { count: number; untilMs: number; atMs: number }>()

  /** 0 when it may be tried now (which counts as a new attempt), else how long to wait. */
  waitMs(key: string, nowMs: number): number {
    const known = this.#failures.get(key)
    if (known && known.untilMs > nowMs) return known.untilMs - nowMs
    // After twice the longest pause without a failure everything is forgiven.
    const count = known && nowMs - known.atMs < 2 * longestPauseMs ? known.count + 1 : 0
    const pauseMs = exponentialMs(firstPauseMs, longestPauseMs, count)
    this.#failures.set(key, { count, untilMs: nowMs + pauseMs, atMs: nowMs })
    return 0
  }
}

/** First what every node should have, then the rolling update. Gives the first error, if any. */
export async function applyPlan(
  context: ReconcileContext,
  view: DaemonView,
  plan: DaemonPlan,
  failedNodes: FailedNodes,
): Promise<{ error?: unknown; retryInMs?: number }> {
  const { due, retryInMs } = announceEnded(context, view, plan.ended, failedNodes)
  const first = { create: plan.create, delete: [...plan.delete, ...due] }
  const isNew = (pod: Pod) => !first.delete.includes(pod)
  const update = { ...plan.update, delete: plan.update.delete.filter(isNew) }
  const error = (await applyChanges(context, view, first)) ?? (await applyChanges(context, view, update))
  return { ...(error !== undefined && { error }), ...(retryInMs !== undefined && { retryInMs }) }
}

async function applyChanges(
  context: ReconcileContext,
  { daemonSet, revisionHash }: DaemonView,
  changes: DaemonChanges,
): Promise<unknown> {
  const names = changes.create.slice(0, burst)
  const creation = await slowStart(names.length, (index) =>
    createPod(context, daemonSet, daemonPod(daemonSet, names[index]!, revisionHash)),
  )
  const doomed = changes.delete.slice(0, burst)
  const deletions = await Promise.allSettled(doomed.map((pod) => deletePod(context, daemonSet, pod)))
  const failed: unknown = deletions.find((result) => result.status === "rejected")?.reason
  return isNamespaceTerminating(creation.error) ? failed : (creation.error ?? failed)
}

/** Of the pods that have ended, those that may be replaced now. */
function announceEnded(
  { clock, events }: ReconcileContext,
  { daemonSet }: DaemonView,
  ended: readonly Pod[],
  failedNodes: FailedNodes,
): { due: readonly Pod[]; retryInMs: number | undefined } {
  const waits: number[] = []
  const due = ended.filter((pod) => {
    const { namespace, name } = pod.metadata
    const node = nodeOf(pod) ?? ""
    if (pod.status.phase === "Succeeded") {
      const message = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`
      events.event(daemonSet, "Normal", "SucceededDaemonPod", message)
      return true
    }
    const waitMs = failedNodes.waitMs(`${daemonSet.metadata.uid}/${node}`, clock.now())
    if (waitMs > 0) {
      waits.push(waitMs)
      return false
    }
    const message = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`
    events.event(daemonSet, "Warning", "FailedDaemonPod", message)
    return true
  })
  return { due, retryInMs: waits.length > 0 ? Math.min(...waits) : undefined }
}
