import { quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { LinuxContainerResources } from "../../container-runtime/cri.ts"
import { containerResources, cpuTime } from "../containers/linux-resources.ts"
import { memoryRules } from "../containers/memory-rules.ts"
import { hugePageLimits } from "../containers/huge-pages.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { exclusiveCpus } from "../resource-managers/container-demand.ts"

/** What the runtime is told that a container may use. */
export function runtimeResources(
  { host, machine, configuration }: KubeletServices,
  pod: Pod,
  container: Container,
): LinuxContainerResources {
  const memoryBytes = quantityValue(machine.capacity["memory"] ?? 0)
  // Who has processors of its own is limited by them: to be stopped now and then besides would only cost time.
  const isPinned = configuration.cpuManagerPolicy === "static" && exclusiveCpus(pod, container) > 0
  const resources = containerResources(pod, container, memoryBytes, cpuTime(configuration))
  const swapBytes = quantityValue(machine.info.swap?.capacity ?? 0)
  const facts = { control: machine.memoryControl, memoryBytes, swapBytes }
  return {
    ...resources,
    ...memoryRules(pod, container, resources.memoryLimitInBytes, facts, configuration),
    ...(isPinned && { cpuQuota: -1 }),
    hugepageLimits: hugePageLimits(pod, container, machine.capacity),
    ...host.resources?.containerResources(pod, container),
  }
}
