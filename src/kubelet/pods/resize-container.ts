import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { runtimeResources } from "./runtime-resources.ts"

/**
 * Gives a running container what its specification says now. The pod's own control group comes first where it grows and
 * last where it shrinks: a child may not have more than its parent, so the first try may fail and the last must not.
 */
export async function resizeContainer(
  services: KubeletServices,
  pod: Pod,
  container: Container,
  id: string,
): Promise<void> {
  const { host, runtime } = services
  const { oomScoreAdj: _, ...resources } = runtimeResources(services, pod, container)
  await host.cgroups.update(pod).catch(() => {})
  // A limit that was taken away is not "nothing to say": the kernel's word for no limit is -1.
  await runtime.updateContainerResources(id, {
    ...resources,
    cpuQuota: resources.cpuQuota ?? -1,
    cpuPeriod: resources.cpuPeriod ?? 100_000,
    memoryLimitInBytes: resources.memoryLimitInBytes ?? -1,
  })
  await host.cgroups.update(pod)
}
