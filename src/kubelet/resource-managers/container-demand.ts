import { parseQuantity, quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { isSidecar } from "../../api/core/v1/pod-resources.ts"
import { computeQosClass } from "../status/qos-class.ts"

/** A pod's containers in the order in which they are given what they need. */
export function inOrder({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

/** It has ended before those after it begin: what it had they can have. */
export function isPassing(pod: Pod, container: Container): boolean {
  return (pod.spec.initContainers ?? []).includes(container) && !isSidecar(container)
}

/** Only guaranteed pods have something for themselves, and only where each container says how much. */
export function isExclusive(pod: Pod): boolean {
  return !pod.spec.resources && computeQosClass(pod) === "Guaranteed"
}

/** How many processors a container has for itself; 0: it shares. A part of one cannot be had alone. */
export function exclusiveCpus(pod: Pod, container: Container): number {
  if (!isExclusive(pod)) return 0
  const milli = quantityMilliValue(requestOf(container, "cpu") ?? 0)
  return milli % 1000 === 0 ? milli / 1000 : 0
}

/** Bytes of memory and of huge pages that a container of a guaranteed pod asks for. */
export function exclusiveMemory(container: Container): Record<string, number> {
  const names = new Set(Object.keys({ ...container.resources?.limits, ...container.resources?.requests }))
  const wanted = [...names].filter((name) => name === "memory" || name.startsWith("hugepages-"))
  return Object.fromEntries(
    wanted
      .map((name) => [name, requestOf(container, name)] as const)
      .filter(([, amount]) => amount !== undefined && parseQuantity(amount).nanos > 0n)
      .map(([name, amount]) => [name, quantityValue(amount!)]),
  )
}

function requestOf({ resources }: Container, name: string): string | number | undefined {
  return resources?.requests?.[name] ?? resources?.limits?.[name]
}

/**
 * What a whole pod needs at once: its main containers and sidecars together, or an init container with the sidecars before
 * it, whichever is more.
 */
export function podDemand(
  pod: Pod,
  demandOf: (container: Container) => Readonly<Record<string, number>>,
): Record<string, number> {
  const most: Record<string, number> = {}
  const lasting: Record<string, number> = {}
  for (const container of inOrder(pod)) {
    for (const [name, amount] of Object.entries(demandOf(container))) {
      const total = (lasting[name] ?? 0) + amount
      if (!isPassing(pod, container)) lasting[name] = total
      most[name] = Math.max(most[name] ?? 0, total)
    }
  }
  return most
}
