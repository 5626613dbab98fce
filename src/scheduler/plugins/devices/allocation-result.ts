import type { Pod } from "../../../api/core/v1/pod.ts"
import { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import type { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { isReservedFor } from "../../../api/resource/pod-resource-claims.ts"
import type { Cache } from "../../../client/cache.ts"
import type { Allocated } from "./allocate.ts"
import { formatAmounts } from "./consumable-capacity.ts"
import { isShared } from "./ledger.ts"
import { selectorOf } from "./offered-devices.ts"

/** The claim as it will be: the pod has it, and what it was given. */
export function reserveFor(
  pod: Pod,
  claim: ResourceClaim,
  allocated: readonly Allocated[] | undefined,
  cache: Cache,
): ResourceClaim {
  const consumer = { resource: "pods", name: pod.metadata.name, uid: pod.metadata.uid }
  const reservedFor = isReservedFor(claim, pod)
    ? claim.status.reservedFor
    : [...(claim.status.reservedFor ?? []), consumer]
  const allocation = allocated && toAllocation(claim, allocated, cache)
  const status = { ...claim.status, ...(allocation && { allocation }), reservedFor }
  return { ...claim, status }
}

function toAllocation(claim: ResourceClaim, allocated: readonly Allocated[], cache: Cache) {
  const nodeSelector = selectorOf(
    allocated.map(({ offered }) => offered),
    cache,
  )
  const results = allocated.map((each, index) => toResult(claim, each, index))
  const config = [
    ...allocated.flatMap(({ ask, request }) =>
      (cache.find(DeviceClass, { name: ask.deviceClassName })?.spec.config ?? []).map((each) => ({
        source: "FromClass" as const,
        requests: [request],
        ...each,
      })),
    ),
    ...(claim.spec.devices.config ?? []).map((each) => ({ source: "FromClaim" as const, ...each })),
  ]
  return { devices: { results, ...(config.length && { config }) }, ...(nodeSelector && { nodeSelector }) }
}

function toResult({ metadata }: ResourceClaim, { request, ask, offered, amounts }: Allocated, index: number) {
  const { driver, pool, device } = offered
  const { bindingConditions, bindingFailureConditions } = device
  return {
    request,
    driver,
    pool,
    device: device.name,
    ...(ask.adminAccess && { adminAccess: true }),
    ...(ask.tolerations?.length && { tolerations: ask.tolerations }),
    ...(bindingConditions?.length && { bindingConditions, bindingFailureConditions }),
    ...(isShared(offered) &&
      !ask.adminAccess && {
        shareID: shareId(metadata.uid, index),
        consumedCapacity: formatAmounts(device, amounts),
      }),
  }
}

/** As unique as the claim's own: a claim has each share once. */
function shareId(uid: string, index: number): string {
  return `${uid.slice(0, 24)}${index.toString(16).padStart(12, "0")}`
}
