import { addQuantities, parseQuantity, type Quantity } from "../../../apimachinery/quantity.ts"
import type { Container } from "./container.ts"
import type { ContainerStatus } from "./container-status.ts"
import type { Pod } from "./pod.ts"
import type { ResourceList } from "./resource-requirements.ts"

/**
 * What a pod needs as a whole, for the scheduler, the kubelet and quota.
 *
 * Containers run together, so their needs add up. Init containers run one after the other before them, so only the
 * greatest counts; but a sidecar (an init container that restarts always) keeps running: it adds to the containers, and to
 * every init container that comes after it. What the pod as a whole asks for takes the place of the sum, and its overhead
 * is added at last. (https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers)
 *
 * @example
 * // containers 1 + 2 cpu; init: a sidecar of 1, then one of 4 -> max(1 + 2 + 1, 1 + 4) = 5 cpu
 */
export interface PodResourcesOptions {
  /** Also count what runs now, which differs from the spec while a resize is under way. */
  readonly useStatus?: boolean
  /** Leave out what the pod asks for as a whole. */
  readonly containersOnly?: boolean
  readonly excludeOverhead?: boolean
  /** What a container counts for of that which it does not ask for. */
  readonly unasked?: Amounts
}

export type Amounts = Record<string, Quantity>

interface PodParts {
  readonly spec: Pick<Pod["spec"], "containers" | "initContainers" | "resources" | "overhead">
  readonly status?: Pick<Pod["status"], "containerStatuses" | "initContainerStatuses" | "conditions">
}

export function computePodRequests(pod: PodParts, options: PodResourcesOptions = {}): Amounts {
  const asked = effectiveAmounts(pod, "requests", options)
  const { unasked } = options
  const total = totalOf(pod, unasked ? (container) => ({ ...unasked, ...asked(container) }) : asked)
  if (!options.containersOnly) Object.assign(total, podLevel(pod.spec.resources?.requests))
  if (!options.excludeOverhead) addAmounts(total, parseAmounts(pod.spec.overhead))
  return total
}

/** What is not limited is absent. */
export function computePodLimits(pod: PodParts, options: PodResourcesOptions = {}): Amounts {
  const total = totalOf(pod, effectiveAmounts(pod, "limits", options))
  if (!options.containersOnly) Object.assign(total, podLevel(pod.spec.resources?.limits))
  if (!options.excludeOverhead) {
    for (const [name, overhead] of Object.entries(parseAmounts(pod.spec.overhead))) {
      const limit = total[name]
      if (limit && limit.nanos !== 0n) total[name] = addQuantities(limit, overhead)
    }
  }
  return total
}

type AmountsOf = (container: Container) => Amounts

function totalOf({ spec }: PodParts, amountsOf: AmountsOf): Amounts {
  const total: Amounts = {}
  for (const container of spec.containers) addAmounts(total, amountsOf(container))

  const sidecars: Amounts = {}
  const greatestInit: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    const amounts = amountsOf(container)
    if (isSidecar(container)) {
      addAmounts(total, amounts)
      addAmounts(sidecars, amounts)
      raiseAmounts(greatestInit, sidecars)
    } else {
      const together = { ...sidecars }
      addAmounts(together, amounts)
      raiseAmounts(greatestInit, together)
    }
  }
  raiseAmounts(total, greatestInit)
  return total
}

/** An init container that goes on running beside the others. */
export function isSidecar(container: Pick<Container, "restartPolicy">): boolean {
  return container.restartPolicy === "Always"
}

function effectiveAmounts(
  pod: PodParts,
  part: "requests" | "limits",
  { useStatus }: PodResourcesOptions,
): AmountsOf {
  if (!useStatus) return (container) => parseAmounts(container.resources?.[part])
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = pod.status ?? {}
  const statuses = new Map<string, ContainerStatus>()
  for (const status of [...containerStatuses, ...initContainerStatuses]) statuses.set(status.name, status)
  // A resize that can never be done asks for nothing; what is allocated stays.
  const infeasible = conditions.some(
    (each) => each.type === "PodResizePending" && each.reason === "Infeasible",
  )

  return (container) => {
    const wanted = parseAmounts(container.resources?.[part])
    const status = statuses.get(container.name)
    if (!status?.resources) return wanted
    const amounts = infeasible ? {} : wanted
    raiseAmounts(amounts, parseAmounts(status.resources[part]))
    if (part === "requests") raiseAmounts(amounts, parseAmounts(status.allocatedResources))
    return amounts
  }
}

/** Resources that a pod may ask for as a whole. */
export function isPodLevelResource(name: string): boolean {
  return name === "cpu" || name === "memory" || isHugePageResource(name)
}

export function isHugePageResource(name: string): boolean {
  return name.startsWith("hugepages-")
}

function podLevel(list: ResourceList | undefined): Amounts {
  return Object.fromEntries(Object.entries(parseAmounts(list)).filter(([name]) => isPodLevelResource(name)))
}

export function parseAmounts(list: ResourceList | undefined): Amounts {
  const amounts: Amounts = {}
  for (const [name, value] of Object.entries(list ?? {})) amounts[name] = parseQuantity(value)
  return amounts
}

export function formatAmounts(amounts: Amounts): ResourceList {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amount.text]))
}

function addAmounts(total: Amounts, more: Amounts): void {
  for (const [name, amount] of Object.entries(more)) {
    const known = total[name]
    total[name] = known ? addQuantities(known, amount) : amount
  }
}

function raiseAmounts(greatest: Amounts, amounts: Amounts): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const known = greatest[name]
    if (!known || known.nanos < amount.nanos) greatest[name] = amount
  }
}
