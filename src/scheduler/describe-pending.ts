import { formatFitError } from "./fit-error.ts"
import type { QueuedPod } from "./queue/scheduling-queue.ts"

/** Why a pod has no node, for people and programs that ask. */
export interface PendingPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Where it waits: "active", "backoff", "unschedulable", "gated". */
  readonly queue: string
  readonly attempts: number
  /** As in its PodScheduled condition; of a gated pod, what gates it. */
  readonly message: string
  /** The plugins that rejected it, the only ones whose changes are waited for. */
  readonly plugins: readonly string[]
  /** By node: who said no, and why. */
  readonly nodes: Readonly<Record<string, NodeVerdict>>
}

export interface NodeVerdict {
  readonly plugin: string
  readonly reasons: readonly string[]
  /** Whether the node could do if pods went from it. */
  readonly resolvable: boolean
}

export function describePending({ info, place, attempts, fitError, gatedBecause }: QueuedPod): PendingPod {
  const { namespace = "", name, uid } = info.pod.metadata
  const nodes: Record<string, NodeVerdict> = {}
  if (fitError) {
    const { everywhere, rejections } = fitError
    for (const [node, verdict] of rejections.byNode()) nodes[node.name] = verdict
    if (everywhere) for (const node of rejections.nodes) nodes[node.name] = everywhere
  }
  return {
    namespace,
    name,
    uid,
    queue: place,
    attempts,
    message: gatedBecause ?? (fitError ? formatFitError(fitError) : ""),
    plugins: Array.from(fitError?.plugins ?? [], (plugin) => plugin.name).sort(),
    nodes,
  }
}
