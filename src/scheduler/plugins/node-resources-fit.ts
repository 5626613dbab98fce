import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { DeviceClass } from "../../api/resource/v1/device-class.ts"
import { hint, type Plugin, type Rejection } from "../framework.ts"
import { NodeInfo } from "../node-info.ts"
import { asksForLess, type PodInfo, podInfo } from "../pod-info.ts"
import { cpuAndMemory, scoreByShares, type ScoringStrategy } from "./resource-shares.ts"
import { amountOf, type Resources } from "../resources.ts"
import { isChanged } from "../is-changed.ts"
import { backedByDevices, followDeviceClasses } from "./devices/extended-resources.ts"

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
    attach: followDeviceClasses,
    filter(pod, { cache }) {
      const requests = withoutIgnored(pod.requests, options)
      const backed = backedByDevices(requests, cache)
      if (backed.size === 0) return { isLocal: true, check: (node) => checkFit(requests, node) }
      // What the node does not have itself is taken from devices: that is another plugin's to judge.
      return {
        check: (node) =>
          checkFit(
            without(requests, (name) => backed.has(name) && !has(node, name)),
            node,
          ),
      }
    },
    score: (pod) => ({ isLocal: true, of: scoreByShares(scoringStrategy, pod) }),
    hints: [
      hint(Pod, "delete"),
      hint(Pod, "update", {
        concerns: (current, previous) => asksForLess(podInfo(current!), podInfo(previous!)),
        mayHelp: (waiting, current, previous) =>
          asksForLess(podInfo(current!), podInfo(previous!), waiting.requests),
      }),
      hint(DeviceClass, "add", { mayHelp: ({ requests }) => requests.others.size > 0 }),
      hint(DeviceClass, "update", {
        concerns: (current, previous) =>
          current!.spec.extendedResourceName !== previous!.spec.extendedResourceName,
        mayHelp: ({ requests }) => requests.others.size > 0,
      }),
      hint(Node, "add", { mayHelp: (waiting, node) => couldFit(waiting, node!, options) }),
      hint(Node, "update", {
        concerns: (node, previous) => isChanged(node!.status.allocatable, previous!.status.allocatable),
        mayHelp: (waiting, node, previous) =>
          couldFit(waiting, node!, options) && hasMore(waiting.requests, node!, previous!),
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
  return without(requests, isIgnored)
}

function without(requests: Resources, isLeftOut: (name: string) => boolean): Resources {
  return { ...requests, others: new Map(Array.from(requests.others).filter(([name]) => !isLeftOut(name))) }
}

function has({ allocatable }: NodeInfo, name: string): boolean {
  return (allocatable.others.get(name) ?? 0) > 0
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

/** Whether the node, were it empty, could hold the pod. What it does not have at all may be there as devices. */
function couldFit({ requests }: PodInfo, node: Node, options: FitOptions): boolean {
  const info = empty(node)
  const own = without(withoutIgnored(requests, options), (name) => !has(info, name))
  return checkFit(own, info) === undefined
}

/** Whether it got more of what the pod asks for. */
function hasMore(requests: Resources, node: Node, previous: Node): boolean {
  const { allocatable } = empty(node)
  const before = empty(previous).allocatable
  if (allocatable.pods > before.pods) return true
  return ["cpu", "memory", "ephemeral-storage", ...requests.others.keys()].some(
    (name) => amountOf(requests, name) > 0 && amountOf(allocatable, name) > amountOf(before, name),
  )
}

const empties = new WeakMap<Node, NodeInfo>()

/** Thousands of waiting pods ask about the same change. */
function empty(node: Node): NodeInfo {
  let info = empties.get(node)
  if (!info) empties.set(node, (info = new NodeInfo(node)))
  return info
}
