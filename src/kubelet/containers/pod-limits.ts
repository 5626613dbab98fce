import { parseQuantity } from "../../apimachinery/quantity.ts"
import type { ResourceList, ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"

/** What a container is held to: what the pod as a whole may use, where the container says nothing of its own. */
export function withPodLimits(
  own: ResourceRequirements = {},
  pod: ResourceRequirements | undefined,
): ResourceRequirements {
  const limits: ResourceList = { ...own.limits }
  for (const name of ["cpu", "memory"]) {
    const podLimit = pod?.limits?.[name]
    if (podLimit !== undefined && isZero(limits[name])) limits[name] = podLimit
  }
  return Object.keys(limits).length > 0 ? { ...own, limits } : own
}

function isZero(amount: ResourceList[string] | undefined): boolean {
  return amount === undefined || parseQuantity(amount).nanos === 0n
}
