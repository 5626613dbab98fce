import { allocatedDeviceKey } from "./allocated-device-key.ts"
import type { ResourceClaim } from "./v1/resource-claim.ts"

/** What was told of devices that a claim has no more goes with them, in place. */
export function forgetDeallocated(claim: ResourceClaim, old: ResourceClaim): void {
  const given = ({ status }: ResourceClaim) =>
    new Set((status.allocation?.devices.results ?? []).map(allocatedDeviceKey))
  const [before, now] = [given(old), given(claim)]
  const kept = claim.status.devices?.filter(
    (each) => now.has(allocatedDeviceKey(each)) || !before.has(allocatedDeviceKey(each)),
  )
  if (kept?.length) claim.status.devices = kept
  else delete claim.status.devices
}
