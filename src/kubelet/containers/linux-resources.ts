import { quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import type { LinuxContainerResources } from "../../container-runtime/cri.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { clampShares } from "./cpu-weight.ts"
import { oomScoreAdjustment } from "./oom-score.ts"
import { withPodLimits } from "./pod-limits.ts"

// From requests and limits to what the kernel's control groups understand.

const periodMicroseconds = 100_000
const minQuotaMicroseconds = 1000

/** A share of 1024 for each processor asked for. */
export function cpuShares(milliCpu: number): number {
  return clampShares(Math.floor((milliCpu * 1024) / 1000))
}

/** How many microseconds of each period may be used. */
export function cpuQuota(milliCpu: number, period = periodMicroseconds): number {
  return Math.max(Math.floor((milliCpu * period) / 1000), minQuotaMicroseconds)
}

/** How limits of processor time are kept to. */
export interface CpuTime {
  /** False: they are not. */
  readonly isLimited: boolean
  readonly periodMicroseconds: number
}

export function cpuTime({
  cpuCFSQuota,
  cpuCFSQuotaPeriod,
}: Pick<KubeletConfiguration, "cpuCFSQuota" | "cpuCFSQuotaPeriod">): CpuTime {
  return { isLimited: cpuCFSQuota, periodMicroseconds: parseDuration(cpuCFSQuotaPeriod) * 1000 }
}

const usualTime: CpuTime = { isLimited: true, periodMicroseconds }

/** CPU and memory of one container. `nodeMemoryBytes` is what scores for the out-of-memory killer are measured by. */
export function containerResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
  time = usualTime,
): LinuxContainerResources {
  return {
    ...cpuAndMemory(withPodLimits(container.resources, pod.spec.resources), time),
    oomScoreAdj: oomScoreAdjustment(pod, container, nodeMemoryBytes),
  }
}

export function cpuAndMemory(
  { requests, limits }: ResourceRequirements = {},
  time = usualTime,
): LinuxContainerResources {
  const cpuLimit = limits?.["cpu"]
  const cpuRequest = requests?.["cpu"] ?? cpuLimit
  const memoryLimit = limits?.["memory"]
  return {
    cpuShares: cpuShares(cpuRequest === undefined ? 0 : quantityMilliValue(cpuRequest)),
    ...(time.isLimited &&
      cpuLimit !== undefined &&
      quantityMilliValue(cpuLimit) > 0 && {
        cpuPeriod: time.periodMicroseconds,
        cpuQuota: cpuQuota(quantityMilliValue(cpuLimit), time.periodMicroseconds),
      }),
    ...(memoryLimit !== undefined &&
      quantityValue(memoryLimit) > 0 && { memoryLimitInBytes: quantityValue(memoryLimit) }),
  }
}
