import type { Container } from "./container.ts"
import type { Pod } from "./pod.ts"
import { compareQuantities, parseQuantity } from "../../../apimachinery/quantity.ts"

type Quantities = Readonly<Record<string, string | number>> | undefined
interface Resources {
  readonly requests?: Quantities
  readonly limits?: Quantities
}

const counted = ["cpu", "memory"] as const

/**
 * How a pod is treated when a node runs short (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/): Guaranteed when
 * every container has limits for cpu and memory and asks for exactly those, BestEffort when none asks for anything.
 */
export function podQosClass(pod: Pod): "Guaranteed" | "Burstable" | "BestEffort" {
  const { spec } = pod
  const whole = (spec as { resources?: Resources }).resources
  const containers: readonly Pick<Container, "resources">[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
  ]
  const all: readonly Resources[] = hasAny(whole)
    ? [whole!]
    : containers.map(({ resources }) => (resources ?? {}) as Resources)
  if (!all.some(hasAny)) return "BestEffort"
  return all.every(isGuaranteed) ? "Guaranteed" : "Burstable"
}

function hasAny(resources: Resources | undefined): boolean {
  return counted.some((name) => isSet(resources?.requests, name) || isSet(resources?.limits, name))
}

function isGuaranteed({ requests, limits }: Resources): boolean {
  return counted.every(
    (name) =>
      isSet(limits, name) &&
      (!isSet(requests, name) ||
        compareQuantities(parseQuantity(requests![name]!), parseQuantity(limits![name]!)) === 0),
  )
}

function isSet(quantities: Quantities, name: string): boolean {
  const value = quantities?.[name]
  return value !== undefined && parseQuantity(value).nanos !== 0n
}
