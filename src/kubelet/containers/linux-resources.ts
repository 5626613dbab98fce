import { quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import type { LinuxContainerResources } from "../../container-runtime/cri.ts"
import { computeQosClass } from "../status/qos-class.ts"

// From requests and limits to what the kernel's control groups understand.

const minShares = 2
const maxShares = 262_144
const periodMicroseconds = 100_000
const minQuotaMicroseconds = 1000

/** A share of 1024 for each processor asked for. */
export function cpuShares(milliCpu: number): number {
  return Math.min(Math.max(Math.floor((milliCpu * 1024) / 1000), minShares), maxShares)
}

/** How many microseconds of each period may be used. */
export function cpuQuota(milliCpu: number): number {
  return Math.max(Math.floor((milliCpu * periodMicroseconds) / 1000), minQuotaMicroseconds)
}

/** CPU and memory of one container. `nodeMemoryBytes` is what scores for the out-of-memory killer are measured by. */
export function containerResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
): LinuxContainerResources {
  return {
    ...cpuAndMemory(container.resources),
    oomScoreAdj: oomScoreAdjustment(pod, container, nodeMemoryBytes),
  }
}

export function cpuAndMemory({ requests, limits }: ResourceRequirements = {}): LinuxContainerResources {
  const cpuLimit = limits?.["cpu"]
  const cpuRequest = requests?.["cpu"] ?? cpuLimit
  const memoryLimit = limits?.["memory"]
  return {
    cpuShares: cpuShares(cpuRequest === undefined ? 0 : quantityMilliValue(cpuRequest)),
    ...(cpuLimit !== undefined &&
      quantityMilliValue(cpuLimit) > 0 && {
        cpuPeriod: periodMicroseconds,
        cpuQuota: cpuQuota(quantityMilliValue(cpuLimit)),
      }),
    ...(memoryLimit !== undefined &&
      quantityValue(memoryLimit) > 0 && { memoryLimitInBytes: quantityValue(memoryLimit) }),
  }
}

/**
 * Whom the kernel kills first when memory runs out, from -1000 (never) to 1000 (first): best-effort containers, then
 * burstable ones that asked for little. (https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/)
 */
export function oomScoreAdjustment(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const isNodeCritical = pod.spec.priorityClassName === "system-node-critical"
  const qosClass = pod.status.qosClass ?? computeQosClass(pod)
  if (isNodeCritical || qosClass === "Guaranteed") return -997
  if (qosClass === "BestEffort") return 1000
  const request = container.resources?.requests?.["memory"]
  const requested = request === undefined ? 0 : quantityValue(request)
  const adjustment = Math.floor(1000 - (1000 * requested) / nodeMemoryBytes)
  // Above guaranteed pods, below best-effort ones.
  return Math.min(Math.max(adjustment, 3), 999)
}
