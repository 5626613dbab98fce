import { quantityValue, quantityMilliValue } from "../../apimachinery/quantity.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { podContainers } from "./pod-containers.ts"

/** What a changed specification asks for other than before, container by container, as metrics name it. Pure. */
export interface RequestedResize {
  readonly resource: "cpu" | "memory"
  readonly requirement: "requests" | "limits"
  readonly operation: "add" | "remove" | "increase" | "decrease"
}

export function requestedResizes(before: Pick<Pod, "spec">, now: Pick<Pod, "spec">): RequestedResize[] {
  if (before.spec === now.spec) return []
  const earlier = new Map(podContainers(before).map(({ spec }) => [spec.name, spec]))
  return podContainers(now).flatMap(({ role, spec }) => {
    const known = role === "main" || role === "sidecar" ? earlier.get(spec.name) : undefined
    if (!known || known === spec) return []
    return kinds.flatMap(([resource, requirement]) => {
      const operation = operationOf(
        amount(resource, known.resources?.[requirement]?.[resource]),
        amount(resource, spec.resources?.[requirement]?.[resource]),
      )
      return operation ? [{ resource, requirement, operation }] : []
    })
  })
}

const kinds = [
  ["memory", "requests"],
  ["memory", "limits"],
  ["cpu", "requests"],
  ["cpu", "limits"],
] as const

function amount(resource: "cpu" | "memory", text: string | number | undefined): number {
  return resource === "cpu" ? quantityMilliValue(text ?? 0) : quantityValue(text ?? 0)
}

function operationOf(before: number, now: number): RequestedResize["operation"] | undefined {
  if (before === now) return undefined
  if (before === 0) return "add"
  if (now === 0) return "remove"
  return now < before ? "decrease" : "increase"
}
