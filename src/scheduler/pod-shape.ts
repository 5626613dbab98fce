import type { PodInfo } from "./pod-info.ts"

const known = new WeakMap<PodInfo, string>()

/** All that a pod asks of a node by itself: pods of the same shape get the same verdict on the same node. */
export function shapeOf(info: PodInfo): string {
  let shape = known.get(info)
  // Several ask in one cycle, and a pod that waits comes again.
  if (shape === undefined) known.set(info, (shape = describe(info)))
  return shape
}

function describe({ pod, requests, nonZeroRequests, hostPorts }: PodInfo): string {
  const { nodeName, nodeSelector, tolerations, affinity } = pod.spec
  const { milliCpu, memoryBytes, ephemeralStorageBytes, others } = requests
  return JSON.stringify([
    [milliCpu, memoryBytes, ephemeralStorageBytes, nonZeroRequests.milliCpu, nonZeroRequests.memoryBytes],
    Array.from(others),
    hostPorts,
    nodeName,
    nodeSelector,
    tolerations,
    affinity?.nodeAffinity,
  ])
}
