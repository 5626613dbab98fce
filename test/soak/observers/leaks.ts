import { Pod } from "../../../src/api/core/v1/pod.ts"
import type { ClusterUnderSoak } from "../cluster-under-soak.ts"
import { lookAtNode, type NodeObjects } from "./host-objects.ts"

/** What is on the machine and belongs to no pod, or belongs to a pod that has no use for it any more. */
export async function findLeaks(cluster: ClusterUnderSoak): Promise<string[]> {
  const { items } = await cluster.client.list(Pod)
  return cluster.nodes.flatMap((node) => {
    const pods = items.filter(({ spec }) => spec.nodeName === node)
    return compare(
      lookAtNode(cluster, node),
      new Set(pods.map(({ metadata }) => metadata.uid)),
      new Set(pods.filter((pod) => !hasEnded(pod)).map(({ metadata }) => metadata.uid)),
    )
  })
}

const hasEnded = ({ status }: Pod) => status.phase === "Succeeded" || status.phase === "Failed"

/** Ended pods keep their logs, and the directory of what their containers said last; nothing else. */
const keptByEnded = new Set(["pod directory", "log directory"])

/** Pure. `alive`: those of `known` that may have anything. */
export function compare(
  { node, named, perSandbox }: NodeObjects,
  known: ReadonlySet<string>,
  alive: ReadonlySet<string>,
): string[] {
  const strangers = Object.entries(named).flatMap(([kind, uids]) => {
    const allowed = keptByEnded.has(kind) ? known : alive
    return uids.filter((uid) => !allowed.has(uid)).map((uid) => `${node}: ${kind} of ${uid}`)
  })
  const counts = Object.entries(perSandbox)
    .filter(([, count]) => count !== alive.size)
    .map(([kind, count]) => `${node}: ${count} × ${kind} for ${alive.size} pods`)
  return [...strangers, ...counts]
}
