import { maxScore, type Plugin } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { amountOf } from "../resources.ts"
import { cpuAndMemory, type WeightedResource } from "./resource-shares.ts"

/** Prefers nodes on which resources would be used to more nearly the same share with the pod than without it. */
export function nodeResourcesBalanced(resources: readonly WeightedResource[] = cpuAndMemory): Plugin {
  const names = resources.map(({ name }) => name)
  const isUsual = names.length === 2 && names.includes("cpu") && names.includes("memory")
  return {
    name: "NodeResourcesBalancedAllocation",
    score(pod) {
      // A pod that asks for nothing changes no balance.
      const asked = names.filter((name) => amountOf(pod.requests, name) > 0)
      if (asked.length === 0) return undefined
      const of = (node: NodeInfo) => (isUsual ? scoreCpuAndMemory(pod, node) : scoreAll(names, pod, node))
      return { isLocal: true, of }
    },
  }
}

/** With two resources the standard deviation of the shares is half their distance. */
function scoreCpuAndMemory({ requests }: PodInfo, { requested, allocatable }: NodeInfo): number {
  if (allocatable.milliCpu === 0 || allocatable.memoryBytes === 0) return rate(maxScore, maxScore)
  const { milliCpu, memoryBytes } = requested
  const cpuBefore = Math.min(1, milliCpu / allocatable.milliCpu)
  const memoryBefore = Math.min(1, memoryBytes / allocatable.memoryBytes)
  const cpu = Math.min(1, (milliCpu + requests.milliCpu) / allocatable.milliCpu)
  const memory = Math.min(1, (memoryBytes + requests.memoryBytes) / allocatable.memoryBytes)
  return rate(toScore(Math.abs(cpu - memory) / 2), toScore(Math.abs(cpuBefore - memoryBefore) / 2))
}

function scoreAll(names: readonly string[], { requests }: PodInfo, node: NodeInfo): number {
  const before: number[] = []
  const after: number[] = []
  for (const name of names) {
    const total = amountOf(node.allocatable, name)
    const wanted = amountOf(requests, name)
    if (total === 0 || (wanted === 0 && name !== "cpu" && name !== "memory" && name !== "ephemeral-storage"))
      continue
    const used = amountOf(node.requested, name)
    before.push(Math.min(1, used / total))
    after.push(Math.min(1, (used + wanted) / total))
  }
  return rate(toScore(deviation(after)), toScore(deviation(before)))
}

function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length)
}

function toScore(deviationOfShares: number): number {
  return Math.trunc((1 - deviationOfShares) * maxScore)
}

/** Both are 50..100: no change gives 75, an improvement more. */
function rate(after: number, before: number): number {
  return maxScore / 2 + Math.trunc((maxScore / 2 + after - before) / 2)
}
