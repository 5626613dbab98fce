import { maxScore, type Plugin } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"

/** Prefers nodes on which cpu and memory would be used to about the same share, so that neither is left stranded. */
export const nodeResourcesBalanced: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  score: (pod) => {
    // A pod that asks for nothing changes no balance.
    if (pod.requests.milliCpu === 0 && pod.requests.memoryBytes === 0) return undefined
    return { of: (node) => Math.floor(balance(pod, node) * maxScore) }
  },
}

/** With two resources the standard deviation of the shares is half their distance. */
function balance({ requests }: PodInfo, { requested, allocatable }: NodeInfo): number {
  const share = (asked: number, used: number, total: number) =>
    total === 0 ? 1 : Math.min(1, (used + asked) / total)
  const cpu = share(requests.milliCpu, requested.milliCpu, allocatable.milliCpu)
  const memory = share(requests.memoryBytes, requested.memoryBytes, allocatable.memoryBytes)
  return 1 - Math.abs(cpu - memory) / 2
}
