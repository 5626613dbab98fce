import type { Rejection } from "./framework.ts"
import type { NodeRejection, Rejecters, Rejections } from "./rejections.ts"

/** Why a pod found no node: what each node, or all of them together, failed on. */
export interface FitError {
  readonly rejections: Rejections
  /** Set when a plugin ruled every node out at once. */
  readonly everywhere?: NodeRejection
  /** The plugins that rejected; a change that concerns none of them cannot help. */
  readonly plugins: Rejecters
  /** What making room came to, as it stands at the end of the message. */
  preemption?: string
  /** Says it all, where it is not about nodes. */
  readonly message?: string
}

export const noNodesText = "no nodes available to schedule pods"

/**
 * "0/5 nodes are available: 1 Insufficient cpu, 4 node(s) had untolerated taint(s)."
 * What trying to make room had to say is appended as upstream does.
 */
export function formatFitError({ rejections, everywhere, preemption, message }: FitError): string {
  if (message !== undefined) return message
  const { nodeCount } = rejections
  if (nodeCount === 0) return noNodesText
  const reasons = everywhere ? everywhere.reasons.join(", ") : countReasons(rejections.counted())
  const text = `0/${nodeCount} nodes are available:${reasons ? ` ${reasons}.` : ""}`
  return preemption ? `${text} ${preemption}` : text
}

/** "1 Insufficient cpu, 2 Insufficient memory", sorted as text. */
export function countReasons(rejections: Iterable<readonly [Rejection, number]>): string {
  const counts = new Map<string, number>()
  for (const [{ reasons }, nodes] of rejections) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes)
  }
  return Array.from(counts, ([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(", ")
}
