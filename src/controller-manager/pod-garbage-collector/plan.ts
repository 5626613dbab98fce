import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { isTerminal } from "../shared/pods.ts"

export interface Doomed {
  readonly pod: Pod
  readonly why: "orphaned" | "terminatedByOutOfService" | "unscheduledTerminating" | "tooManyTerminated"
}

export interface PodGcInput {
  readonly pods: readonly Pod[]
  readonly findNode: (name: string) => Node | undefined
  /** Nodes that have been missing for long enough to be gone for good. */
  readonly goneNodes: ReadonlySet<string>
  /** Finished pods that may stay; 0 or less for all. */
  readonly terminatedThreshold: number
}

/** Pods that no kubelet will ever clean up. */
export function planPodGc({ pods, findNode, goneNodes, terminatedThreshold }: PodGcInput): readonly Doomed[] {
  const doomed = new Map<string, Doomed>()
  const add = (pod: Pod, why: Doomed["why"]) => {
    if (!doomed.has(pod.metadata.uid)) doomed.set(pod.metadata.uid, { pod, why })
  }
  for (const pod of tooManyTerminated(pods, terminatedThreshold)) add(pod, "tooManyTerminated")
  for (const pod of pods) {
    const { nodeName } = pod.spec
    if (nodeName && goneNodes.has(nodeName)) add(pod, "orphaned")
    if (pod.metadata.deletionTimestamp === undefined) continue
    if (!nodeName) add(pod, "unscheduledTerminating")
    else if (isOutOfService(findNode(nodeName))) add(pod, "terminatedByOutOfService")
  }
  return Array.from(doomed.values())
}

/** An administrator says that the node is down for certain, so that volumes may move. */
function isOutOfService(node: Node | undefined): boolean {
  if (!node) return false
  const ready = node.status.conditions?.find(({ type }) => type === "Ready")
  const tainted = node.spec.taints?.some(({ key }) => key === "node.kubernetes.io/out-of-service")
  return ready?.status !== "True" && tainted === true
}

/** Evicted pods first, then the oldest. */
function tooManyTerminated(pods: readonly Pod[], threshold: number): readonly Pod[] {
  if (threshold <= 0) return []
  const finished = pods.filter((pod) => isTerminal(pod) && pod.metadata.deletionTimestamp === undefined)
  if (finished.length <= threshold) return []
  const evicted = (pod: Pod) => (pod.status.reason === "Evicted" ? 0 : 1)
  return finished
    .sort(
      (a, b) =>
        evicted(a) - evicted(b) ||
        Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    )
    .slice(0, finished.length - threshold)
}
