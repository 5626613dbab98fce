import { maxScore } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { amountOf } from "../resources.ts"

/** A resource, and how much it counts among others. */
export interface WeightedResource {
  readonly name: string
  readonly weight: number
}

export const cpuAndMemory: readonly WeightedResource[] = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 },
]

export type ScoringStrategy =
  | { readonly type: "LeastAllocated" | "MostAllocated"; readonly resources: readonly WeightedResource[] }
  | {
      readonly type: "RequestedToCapacityRatio"
      readonly resources: readonly WeightedResource[]
      /** Scores 0..10 at these shares in percent, straight lines between. */
      readonly shape: readonly ShapePoint[]
    }

export interface ShapePoint {
  readonly utilization: number
  readonly score: number
}

/** 0..100 for a resource of which so much would be asked for with the pod on the node. */
type ShareScore = (asked: number, total: number) => number

/** One score for a node, from the shares of its resources. */
export function scoreByShares(strategy: ScoringStrategy, pod: PodInfo): (node: NodeInfo) => number {
  const share = shareScore(strategy)
  const counts = strategy.type === "RequestedToCapacityRatio" ? (score: number) => score > 0 : () => true
  const isUsual = strategy.resources.length === 2 && strategy.resources.every(isCpuOrMemory)
  if (isUsual && strategy.type !== "RequestedToCapacityRatio")
    return scoreCpuAndMemory(share, strategy.resources, pod)
  return (node) => {
    let sum = 0
    let weights = 0
    for (const { name, weight } of strategy.resources) {
      const total = amountOf(node.allocatable, name)
      const wanted = requestOf(pod, name)
      if (total === 0 || (wanted === 0 && !isBasic(name))) continue
      const score = share(usedOf(node, name) + wanted, total)
      if (!counts(score)) continue
      sum += score * weight
      weights += weight
    }
    if (weights === 0) return 0
    return strategy.type === "RequestedToCapacityRatio"
      ? Math.round(sum / weights)
      : Math.trunc(sum / weights)
  }
}

/** The same, for what nearly everybody uses, without a loop. */
function scoreCpuAndMemory(
  share: ShareScore,
  resources: readonly WeightedResource[],
  { nonZeroRequests }: PodInfo,
): (node: NodeInfo) => number {
  const cpuWeight = resources.find(({ name }) => name === "cpu")!.weight
  const memoryWeight = resources.find(({ name }) => name === "memory")!.weight
  const { milliCpu, memoryBytes } = nonZeroRequests
  return ({ nonZeroRequested, allocatable }) => {
    let sum = 0
    let weights = 0
    if (allocatable.milliCpu > 0) {
      sum += share(nonZeroRequested.milliCpu + milliCpu, allocatable.milliCpu) * cpuWeight
      weights += cpuWeight
    }
    if (allocatable.memoryBytes > 0) {
      sum += share(nonZeroRequested.memoryBytes + memoryBytes, allocatable.memoryBytes) * memoryWeight
      weights += memoryWeight
    }
    return weights === 0 ? 0 : Math.trunc(sum / weights)
  }
}

function shareScore(strategy: ScoringStrategy): ShareScore {
  switch (strategy.type) {
    case "LeastAllocated":
      return (asked, total) => (asked > total ? 0 : Math.trunc(((total - asked) * maxScore) / total))
    case "MostAllocated":
      return (asked, total) => Math.trunc((Math.min(asked, total) * maxScore) / total)
    case "RequestedToCapacityRatio": {
      const score = brokenLine(strategy.shape)
      return (asked, total) => score(asked > total ? 100 : Math.trunc((asked * 100) / total)) * 10
    }
  }
}

/** Whole numbers, as upstream reckons. */
function brokenLine(shape: readonly ShapePoint[]): (percent: number) => number {
  return (percent) => {
    const index = shape.findIndex(({ utilization }) => percent <= utilization)
    if (index < 0) return shape.at(-1)!.score
    const end = shape[index]!
    const start = shape[index - 1]
    if (!start) return end.score
    const rise = (end.score - start.score) * (percent - start.utilization)
    return start.score + Math.trunc(rise / (end.utilization - start.utilization))
  }
}

function isCpuOrMemory({ name }: WeightedResource): boolean {
  return name === "cpu" || name === "memory"
}

/** Every node has these; others count only for pods that ask for them. */
function isBasic(name: string): boolean {
  return name === "cpu" || name === "memory" || name === "ephemeral-storage"
}

/** A container that asks for no cpu or memory counts as a little. */
function requestOf({ requests, nonZeroRequests }: PodInfo, name: string): number {
  if (name === "cpu") return nonZeroRequests.milliCpu
  if (name === "memory") return nonZeroRequests.memoryBytes
  return amountOf(requests, name)
}

function usedOf({ requested, nonZeroRequested }: NodeInfo, name: string): number {
  if (name === "cpu") return nonZeroRequested.milliCpu
  if (name === "memory") return nonZeroRequested.memoryBytes
  return amountOf(requested, name)
}
