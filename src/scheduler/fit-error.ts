import type { Rejection } from "./framework.ts"

/** Why a pod found no node: what each node, or all of them together, failed on. */
export interface FitError {
  readonly nodeCount: number
  /** By node name. */
  readonly rejections: ReadonlyMap<string, Rejection>
  /** Set when a plugin ruled every node out at once. */
  readonly everywhere?: Rejection
  /** The plugins that rejected; a change that concerns none of them cannot help. */
  readonly plugins: ReadonlySet<string>
}

export const noNodesText = "no nodes available to schedule pods"

/**
 * "0/5 nodes are available: 1 Insufficient cpu, 4 node(s) had untolerated taint(s)."
 * `preemption` is what trying to make room had to say; it is appended as upstream does.
 */
export function formatFitError(error: FitError, preemption: string): string {
  if (error.nodeCount === 0) return noNodesText
  let text = `0/${error.nodeCount} nodes are available`
  if (error.everywhere) text += `: ${error.everywhere.reasons.join(", ")}.`
  else {
    const reasons = countReasons(error.rejections.values())
    text += reasons ? `: ${reasons}.` : "."
  }
  return preemption ? `${text} ${preemption}` : text
}

/** "1 Insufficient cpu, 2 Insufficient memory", sorted as text. */
export function countReasons(rejections: Iterable<Rejection>): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return Array.from(counts, ([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(", ")
}
