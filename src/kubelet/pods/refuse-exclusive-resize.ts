import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { qosClassOf } from "../status/qos-class.ts"
import { changesResource } from "./plan-resize.ts"
import { findPodContainer } from "./pod-containers.ts"
import type { RuntimeContainer } from "./runtime-pod.ts"

type Settings = Pick<KubeletConfiguration, "cpuManagerPolicy" | "memoryManagerPolicy">

export interface ExclusiveRefusal {
  readonly message: string
  /** As metrics name it. */
  readonly detail: string
}

/** Why containers of a guaranteed pod cannot be given more or less of what they have for themselves; in upstream's words. */
export function refuseExclusiveResize(
  pod: Pod,
  running: readonly RuntimeContainer[],
  { cpuManagerPolicy, memoryManagerPolicy }: Settings,
): ExclusiveRefusal | undefined {
  if (qosClassOf(pod) !== "Guaranteed") return undefined
  const changes = (resource: string) =>
    running.some((container) => {
      const found = findPodContainer(pod, container.name)
      return found && changesResource(pod, found.spec, container, resource)
    })
  const refusal = (whose: string, policy: string): ExclusiveRefusal => ({
    message: `Resize is infeasible for Guaranteed Pods alongside ${whose} Manager policy "${policy}"`,
    detail: `guaranteed_pod_${whose.toLowerCase()}_manager_static_policy`,
  })
  if (cpuManagerPolicy === "static" && changes("cpu")) return refusal("CPU", "static")
  if (memoryManagerPolicy === "Static" && changes("memory")) return refusal("Memory", "Static")
  return undefined
}
