import { parseDuration } from "../../apimachinery/duration.ts"
import { quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { computePodLimits, computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { exclusiveCpus, inOrder } from "../resource-managers/container-demand.ts"
import { hugePageSizes } from "./huge-pages.ts"
import { cpuQuota, cpuShares } from "./linux-resources.ts"

/** What a control group is held to. What is absent is not limited. */
export interface GroupLimits {
  readonly cpuShares: number
  readonly cpuQuota?: number
  /** @default 100 ms */
  readonly cpuPeriod?: number
  readonly memoryBytes?: number
  readonly processes?: number
  /** In bytes, by size ("2MB"); of sizes that are not named there are none. @default not limited */
  readonly hugePages?: Readonly<Record<string, number>>
}

export type PodGroupSettings = Pick<
  KubeletConfiguration,
  "podPidsLimit" | "cpuManagerPolicy" | "cpuCFSQuota" | "cpuCFSQuotaPeriod"
>

/** What a pod's own group is held to: a limit for the whole pod exists only where every container has one. Pure. */
export function podGroupLimits(pod: Pod, settings: PodGroupSettings): GroupLimits {
  const { podPidsLimit, cpuCFSQuota, cpuCFSQuotaPeriod } = settings
  const cpuPeriod = parseDuration(cpuCFSQuotaPeriod) * 1000
  const requests = computePodRequests(pod)
  const { cpu, memory } = computePodLimits(pod)
  const bytes = Object.entries(requests).map(([name, amount]) => [name, quantityValue(amount)] as const)
  return {
    cpuShares: cpuShares(requests["cpu"] ? quantityMilliValue(requests["cpu"]) : 0),
    cpuPeriod,
    ...(podPidsLimit > 0 && { processes: podPidsLimit }),
    ...(cpuCFSQuota &&
      !hasExclusiveCpus(pod, settings) &&
      cpu &&
      isLimited(pod, "cpu") && { cpuQuota: cpuQuota(quantityMilliValue(cpu), cpuPeriod) }),
    ...(memory && isLimited(pod, "memory") && { memoryBytes: quantityValue(memory) }),
    hugePages: hugePageSizes(Object.fromEntries(bytes)),
  }
}

/** Limited by processors of its own, one of its containers needs no other limit. */
export function hasExclusiveCpus(
  pod: Pod,
  { cpuManagerPolicy }: Pick<PodGroupSettings, "cpuManagerPolicy">,
): boolean {
  return cpuManagerPolicy === "static" && inOrder(pod).some((container) => exclusiveCpus(pod, container) > 0)
}

/** A limit of nothing is none. */
function isLimited({ spec }: Pod, name: "cpu" | "memory"): boolean {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return [[spec], containers].some((all) =>
    all.every(({ resources }) => quantityMilliValue(resources?.limits?.[name] ?? 0) > 0),
  )
}
