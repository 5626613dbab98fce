import { quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { computePodRequests, isSidecar } from "../../api/core/v1/pod-resources.ts"
import { qosClassOf } from "../status/qos-class.ts"

/**
 * Whom the kernel kills first when memory runs out, from -1000 (never) to 1000 (first): best-effort containers, then
 * burstable ones that asked for little. A sidecar does not go before the containers that it serves.
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/)
 */
export function oomScoreAdjustment(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const isNodeCritical = pod.spec.priorityClassName === "system-node-critical"
  const qosClass = qosClassOf(pod)
  if (isNodeCritical || qosClass === "Guaranteed") return -997
  if (qosClass === "BestEffort") return 1000
  const asked = isSidecar(container)
    ? Math.max(requestedMemory(container), Math.min(...pod.spec.containers.map(requestedMemory)))
    : requestedMemory(container)
  const requested = asked + shareOfPodMemory(pod)
  const adjustment = 1000 - Math.floor((1000 * requested) / nodeMemoryBytes)
  // Above guaranteed pods, below best-effort ones.
  return Math.min(Math.max(adjustment, 3), 999)
}

/** In bytes. */
export function requestedMemory({ resources }: Container): number {
  return quantityValue(resources?.requests?.["memory"] ?? 0)
}

/** What the pod as a whole asks for beyond its containers counts for each of them alike. */
function shareOfPodMemory({ spec }: Pod): number {
  const wanted = spec.resources?.requests?.["memory"]
  if (wanted === undefined) return 0
  const byContainers = computePodRequests({ spec }, { containersOnly: true, excludeOverhead: true })["memory"]
  const rest = quantityValue(wanted) - quantityValue(byContainers?.text ?? 0)
  return Math.floor(rest / (spec.containers.length + (spec.initContainers ?? []).length))
}
