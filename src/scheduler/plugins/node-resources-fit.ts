import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { hint, type Plugin, type Rejection } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import { asksForLess, podInfo } from "../pod-info.ts"
import { cpuAndMemory, scoreByShares, type ScoringStrategy } from "./resource-shares.ts"
import { type Resources, resourcesFromList } from "../resources.ts"
import { isChanged } from "../is-changed.ts"

export interface FitOptions {
  /** @default LeastAllocated by cpu and memory */
  readonly scoringStrategy?: ScoringStrategy
  /** Extended resources that are somebody else's to count. */
  readonly ignoredResources?: readonly string[]
  /** All extended resources of these groups ("example.com"). */
  readonly ignoredResourceGroups?: readonly string[]
}

/** What a pod asks for must be left on the node; prefers emptier nodes (or fuller ones, to pack them). */
export function nodeResourcesFit(options: FitOptions = {}): Plugin {
  const { scoringStrategy = { type: "LeastAllocated", resources: cpuAndMemory } } = options
  return {
    name: "NodeResourcesFit",
    filter(pod) {
      const requests = withoutIgnored(pod.requests, options)
      return { isLocal: true, check: (node) => checkFit(requests, node) }
    },
    score: (pod) => ({ isLocal: true, of: scoreByShares(scoringStrategy, pod) }),
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

function withoutIgnored(
  requests: Resources,
  { ignoredResources = [], ignoredResourceGroups = [] }: FitOptions,
): Resources {
  if (requests.others.size === 0 || ignoredResources.length + ignoredResourceGroups.length === 0)
    return requests
  const isIgnored = (name: string) =>
    ignoredResources.includes(name) || ignoredResourceGroups.includes(name.split("/")[0]!)
  return { ...requests, others: new Map(Array.from(requests.others).filter(([name]) => !isIgnored(name))) }
}

/** All resources that are short are named, as upstream does; most nodes are short of nothing, so that is found out first. */
export function checkFit(requests: Resources, node: NodeInfo): Rejection | undefined {
  const { allocatable, requested } = node
  if (
    node.pods.size < allocatable.pods &&
    (requests.milliCpu <= allocatable.milliCpu - requested.milliCpu || requests.milliCpu === 0) &&
    (requests.memoryBytes <= allocatable.memoryBytes - requested.memoryBytes || requests.memoryBytes === 0) &&
    requests.ephemeralStorageBytes === 0 &&
    requests.others.size === 0
  ) {
    return undefined
  }
  return nameShortages(requests, node)
}

function nameShortages(
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
  return reasons.length ? shortage(reasons, everFits) : undefined
}

const shortages = new Map<string, Rejection>()

/** The same value each time: most nodes are short of the same things, and whoever keeps what they said keeps it once. */
function shortage(reasons: readonly string[], isResolvable: boolean): Rejection {
  const key = reasons.length === 1 && isResolvable ? reasons[0]! : `${isResolvable} ${reasons.join()}`
  let known = shortages.get(key)
  if (!known) shortages.set(key, (known = { reasons, resolvable: isResolvable }))
  return known
}

/** Whether the node, were it empty, could hold the pod. */
function couldFit(requests: Resources, node: Node): boolean {
  const allocatable = resourcesFromList(node.status.allocatable)
  return requests.milliCpu <= allocatable.milliCpu && requests.memoryBytes <= allocatable.memoryBytes
}
