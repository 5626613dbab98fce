import type { Amounts } from "../api/core/v1/pod-resources.ts"
import { parseAmounts } from "../api/core/v1/pod-resources.ts"
import type { ResourceList } from "../api/core/v1/resource-requirements.ts"

/**
 * Amounts of resources as plain numbers, for arithmetic on every node: cpu in thousandths, all else in whole units
 * (bytes). Exact up to 2^53.
 */
export interface Resources {
  milliCpu: number
  memoryBytes: number
  ephemeralStorageBytes: number
  /** How many pods; only of a node's allocatable. */
  pods: number
  /** Extended resources and huge pages. */
  readonly others: Map<string, number>
}

export function noResources(): Resources {
  return { milliCpu: 0, memoryBytes: 0, ephemeralStorageBytes: 0, pods: 0, others: new Map() }
}

export function resourcesFromList(list: ResourceList | undefined): Resources {
  return resourcesFromAmounts(parseAmounts(list))
}

export function resourcesFromAmounts(amounts: Amounts): Resources {
  const resources = noResources()
  for (const [name, { nanos }] of Object.entries(amounts)) {
    if (name === "cpu") resources.milliCpu = ceilDivide(nanos, 1_000_000n)
    else if (name === "memory") resources.memoryBytes = ceilDivide(nanos, 1_000_000_000n)
    else if (name === "ephemeral-storage") resources.ephemeralStorageBytes = ceilDivide(nanos, 1_000_000_000n)
    else if (name === "pods") resources.pods = ceilDivide(nanos, 1_000_000_000n)
    else resources.others.set(name, ceilDivide(nanos, 1_000_000_000n))
  }
  return resources
}

/** Adds `sign` times `more` to `total`, in place. */
export function addResources(total: Resources, more: Resources, sign: 1 | -1): void {
  total.milliCpu += sign * more.milliCpu
  total.memoryBytes += sign * more.memoryBytes
  total.ephemeralStorageBytes += sign * more.ephemeralStorageBytes
  for (const [name, amount] of more.others)
    total.others.set(name, (total.others.get(name) ?? 0) + sign * amount)
}

/** One resource by its name in the API. */
export function amountOf(resources: Resources, name: string): number {
  switch (name) {
    case "cpu":
      return resources.milliCpu
    case "memory":
      return resources.memoryBytes
    case "ephemeral-storage":
      return resources.ephemeralStorageBytes
    case "pods":
      return resources.pods
    default:
      return resources.others.get(name) ?? 0
  }
}

function ceilDivide(value: bigint, by: bigint): number {
  return Number((value + (value > 0n ? by - 1n : 0n)) / by)
}
