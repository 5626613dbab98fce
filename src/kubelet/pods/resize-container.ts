import { jsonEqual } from "../../apimachinery/json-equal.ts"
import { quote } from "../../base/quote.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { isRuntimeError, type PodSandboxResources } from "../../container-runtime/cri.ts"
import { resizedSandbox } from "../containers/sandbox-resources.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { runtimeResources } from "./runtime-resources.ts"

export interface ContainerResize {
  /** With what it should have. */
  readonly pod: Pod
  /** With what it has. */
  readonly before: Pod
  readonly container: Container
  readonly id: string
  readonly sandboxId: string
}

/**
 * Gives a running container what its specification says now. The runtime is told first what the pod as a whole may use then,
 * and may refuse it. The pod's own control group comes first where it grows and last where it shrinks: a child may not have
 * more than its parent, so the first try may fail and the last must not.
 */
export async function resizeContainer(services: KubeletServices, resize: ContainerResize): Promise<void> {
  const { pod, before, container, id, sandboxId } = resize
  const { host, runtime, configuration, log } = services
  const now = resizedSandbox(pod, configuration)
  const earlier = resizedSandbox(before, configuration)
  if (!jsonEqual(now, earlier)) await tellSandbox(services, sandboxId, now, earlier)
  const { oomScoreAdj: _, ...resources } = runtimeResources(services, pod, container)
  await host.cgroups.update(pod).catch(() => {})
  // A limit that was taken away is not "nothing to say": the kernel's word for no limit is -1.
  await runtime.updateContainerResources(id, {
    ...resources,
    cpuQuota: resources.cpuQuota ?? -1,
    cpuPeriod: resources.cpuPeriod ?? 100_000,
    memoryLimitInBytes: resources.memoryLimitInBytes ?? -1,
  })
  try {
    await host.cgroups.update(pod)
  } catch (error) {
    await tellSandbox(services, sandboxId, earlier, now).catch((untold: unknown) =>
      log.warn("runtime not told that the pod stays as it was", { pod: pod.metadata.name, error: untold }),
    )
    throw error
  }
}

/** Throws, in upstream's words, what the runtime says against it; most do not care. */
async function tellSandbox(
  { runtime }: KubeletServices,
  sandboxId: string,
  resources: PodSandboxResources,
  before: PodSandboxResources,
): Promise<void> {
  try {
    await runtime.updatePodSandboxResources(sandboxId, resources)
  } catch (error) {
    if (isUnimplemented(error)) return
    const memory = resources.resources?.memoryLimitInBytes !== before.resources?.memoryLimitInBytes
    throw new Error(
      `failed to notify runtime for UpdatePodSandboxResources (resource=${memory ? "memory" : "cpu"}); resize rejected: ` +
        `updatePodSandboxResources failed for sanboxID ${quote(sandboxId)}: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** containerd 2.2 says so in words alone. */
function isUnimplemented(error: unknown): boolean {
  if (isRuntimeError(error, "Unimplemented")) return true
  return isRuntimeError(error, "Unknown") && (error as Error).message.includes("not implemented")
}
