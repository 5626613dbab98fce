import { quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { LinuxContainerResources } from "../../container-runtime/cri.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { isCritical } from "../eviction/rank-pods.ts"
import type { MemoryControl } from "../node-host.ts"
import { requestedMemory } from "./oom-score.ts"
import { qosClassOf } from "../status/qos-class.ts"

export interface MemoryFacts {
  readonly control: MemoryControl | undefined
  readonly memoryBytes: number
  readonly swapBytes: number
}

type Settings = Pick<KubeletConfiguration, "singleProcessOOMKill" | "memorySwap">

/**
 * What the kernel is told of a container's memory beyond its limit: whether all of its processes end when one of them must,
 * and how much of the machine's swap it may use. `limitBytes`: its limit, undefined where it has none. Pure.
 */
export function memoryRules(
  pod: Pod,
  container: Container,
  limitBytes: number | undefined,
  { control, memoryBytes, swapBytes }: MemoryFacts,
  { singleProcessOOMKill, memorySwap }: Settings,
): LinuxContainerResources {
  if (!control) return {}
  if (!control.isUnified)
    // Version 1 counts memory and swap as one: a limit as high as that of memory alone leaves none for swap.
    return control.limitsSwap && limitBytes !== undefined ? { memorySwapLimitInBytes: limitBytes } : {}
  const share =
    memorySwap?.swapBehavior === "LimitedSwap" && maySwap(pod, container)
      ? swapShare(container, memoryBytes, swapBytes)
      : 0
  const unified = {
    ...(!singleProcessOOMKill && { "memory.oom.group": "1" }),
    ...(control.limitsSwap && { "memory.swap.max": String(share) }),
  }
  return Object.keys(unified).length > 0 ? { unified } : {}
}

/** Who is sure of its memory, and who asked for none, has no share of the swap. */
function maySwap(pod: Pod, container: Container): boolean {
  if (isCritical(pod) || qosClassOf(pod) !== "Burstable") return false
  return requestedMemory(container) !== quantityValue(container.resources?.limits?.["memory"] ?? 0)
}

/** As much of the swap as the container asks for of the memory. */
function swapShare(container: Container, memoryBytes: number, swapBytes: number): number {
  const request = requestedMemory(container)
  return request > memoryBytes ? 0 : Math.floor((request / memoryBytes) * swapBytes)
}
