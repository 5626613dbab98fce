import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import type { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { DeviceTaintRule } from "../../../api/resource/v1beta2/device-taint-rule.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import type { Cache } from "../../../client/cache.ts"
import type { AssumedObjects } from "../volumes/assumed-objects.ts"
import { Ledger } from "./ledger.ts"
import { allDevices, completeSlices, sharedCounters } from "./offered-devices.ts"

/** What there is to give, and what of it claims have, or will have. */
export interface Stock {
  readonly slices: readonly ResourceSlice[]
  readonly rules: readonly DeviceTaintRule[]
  readonly ledger: Ledger
}

/** `coming`: claims that the API does not know yet. */
export function takeStock(
  assumed: AssumedObjects<ResourceClaim>,
  coming: Iterable<ResourceClaim>,
  cache: Cache,
): Stock {
  const slices = completeSlices(cache)
  const ledger = new Ledger(sharedCounters(slices))
  const devices = allDevices(slices)
  const known = cache.list(ResourceClaim).map((claim) => assumed.over(claim))
  for (const { status } of [...known, ...coming])
    for (const result of status.allocation?.devices.results ?? []) {
      const { driver, pool, device: name, adminAccess, consumedCapacity = {} } = result
      // One that is offered no more stays with who has it.
      const device = devices.get(`${driver}/${pool}/${name}`) ?? { driver, pool, device: { name } }
      const amounts = new Map(
        Object.entries(consumedCapacity).map(([part, value]) => [part, parseQuantity(value).nanos]),
      )
      if (!adminAccess) ledger.take(device, amounts)
    }
  return { slices, rules: cache.list(DeviceTaintRule), ledger }
}
