import type { Pod } from "../../api/core/v1/pod.ts"
import { type Amounts, computePodLimits, computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import type { LinuxContainerResources, PodSandboxResources } from "../../container-runtime/cri.ts"
import { cpuAndMemory, cpuTime } from "./linux-resources.ts"
import { hasExclusiveCpus, podGroupLimits, type PodGroupSettings } from "./pod-group-limits.ts"

// What the runtime is told of the pod as a whole: of use to those that give pods a machine of their own.

/** When the sandbox is made: the sum of what containers ask for and may use, limited or not. Pure. */
export function sandboxResources(pod: Pod, settings: PodGroupSettings): PodSandboxResources {
  const beside = { excludeOverhead: true }
  const requirements = {
    requests: textsOf(computePodRequests(pod, beside)),
    limits: textsOf(computePodLimits(pod, beside)),
  }
  return {
    resources: {
      ...cpuAndMemory(requirements, cpuTime(settings)),
      ...(hasExclusiveCpus(pod, settings) && { cpuQuota: -1 }),
    },
    overhead: overheadOf(pod, settings),
  }
}

/** When it changes: what the pod's own control group is held to. Pure. */
export function resizedSandbox(pod: Pod, settings: PodGroupSettings): PodSandboxResources {
  const { overhead: _, ...spec } = pod.spec
  const { cpuShares, cpuQuota = -1, cpuPeriod, memoryBytes } = podGroupLimits({ ...pod, spec }, settings)
  return {
    resources: {
      cpuShares,
      cpuQuota,
      ...(cpuPeriod !== undefined && { cpuPeriod }),
      ...(memoryBytes !== undefined && { memoryLimitInBytes: memoryBytes }),
    },
    overhead: overheadOf(pod, settings),
  }
}

/** All of it is the sandbox's for sure, and no more. */
function overheadOf({ spec: { overhead } }: Pod, settings: PodGroupSettings): LinuxContainerResources {
  return overhead ? cpuAndMemory({ requests: overhead, limits: overhead }, cpuTime(settings)) : {}
}

function textsOf(amounts: Amounts): ResourceList {
  return Object.fromEntries(Object.entries(amounts).map(([name, { text }]) => [name, text]))
}
