import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { hint, maxScore, type Plugin, type Rejection } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import { type PodInfo, podInfo } from "../pod-info.ts"
import { type Resources, resourcesFromList } from "../resources.ts"
import { isChanged } from "../is-changed.ts"

export type ScoringStrategy = "LeastAllocated" | "MostAllocated"

/** What a pod asks for must be left on the node; prefers emptier nodes (or fuller ones, to pack them). */
export function nodeResourcesFit(strategy: ScoringStrategy = "LeastAllocated"): Plugin {
  return {
    name: "NodeResourcesFit",
    filter: (pod) => ({ check: (node) => checkFit(pod.requests, node) }),
    score: (pod) => ({ of: (node) => scoreNode(pod, node, strategy) }),
    hints: [
      hint(Pod, "delete"),
      hint(Pod, "update", {
        concerns: (current, previous) => asksForLess(podInfo(current!), podInfo(previous!)),
      }),
      hint(Node, "add", { mayHelp: (waiting, node) => couldFit(waiting.requests, node!) }),
      hint(Node, "update", {
        concerns: (node, previous) => isChanged(node!.status.allocatable, previous!.status.allocatable),
        mayHelp: (waiting, node) => couldFit(waiting.requests, node!),
      }),
    ],
  }
}

/** All resources that are short are named, as upstream does. */
export function checkFit(
  requests: Resources,
  { allocatable, requested, pods }: NodeInfo,
): Rejection | undefined {
  const reasons: string[] = []
  let everFits = true
  const want = (name: string, amount: number, used: number, total: number) => {
    if (amount <= 0 || amount <= total - used) return
    reasons.push(`Insufficient ${name}`)
    // More than the whole node: no preemption can help.
    if (amount > total) everFits = false
  }
  if (pods.size + 1 > allocatable.pods) reasons.push("Too many pods")
  want("cpu", requests.milliCpu, requested.milliCpu, allocatable.milliCpu)
  want("memory", requests.memoryBytes, requested.memoryBytes, allocatable.memoryBytes)
  want(
    "ephemeral-storage",
    requests.ephemeralStorageBytes,
    requested.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
  )
  for (const [name, amount] of requests.others) {
    want(name, amount, requested.others.get(name) ?? 0, allocatable.others.get(name) ?? 0)
  }
  return reasons.length ? { reasons, resolvable: everFits } : undefined
}

/** The mean over cpu and memory of the share that would be free (or used) with the pod on the node, 0..100. */
function scoreNode(pod: PodInfo, node: NodeInfo, strategy: ScoringStrategy): number {
  const share = (asked: number, used: number, total: number) => {
    if (total === 0) return undefined
    const with_ = Math.min(used + asked, strategy === "MostAllocated" ? total : Number.POSITIVE_INFINITY)
    if (with_ > total) return 0
    return Math.floor(((strategy === "LeastAllocated" ? total - with_ : with_) * maxScore) / total)
  }
  const { nonZeroRequests } = pod
  const { nonZeroRequested, allocatable } = node
  const scores = [
    share(nonZeroRequests.milliCpu, nonZeroRequested.milliCpu, allocatable.milliCpu),
    share(nonZeroRequests.memoryBytes, nonZeroRequested.memoryBytes, allocatable.memoryBytes),
  ].filter((score) => score !== undefined)
  return scores.length ? Math.floor(scores.reduce((sum, score) => sum + score, 0) / scores.length) : 0
}

/** A pod that was resized down. */
function asksForLess({ requests }: PodInfo, { requests: before }: PodInfo): boolean {
  return (
    requests.milliCpu < before.milliCpu ||
    requests.memoryBytes < before.memoryBytes ||
    requests.ephemeralStorageBytes < before.ephemeralStorageBytes
  )
}

/** Whether the node, were it empty, could hold the pod. */
function couldFit(requests: Resources, node: Node): boolean {
  const allocatable = resourcesFromList(node.status.allocatable)
  return requests.milliCpu <= allocatable.milliCpu && requests.memoryBytes <= allocatable.memoryBytes
}
