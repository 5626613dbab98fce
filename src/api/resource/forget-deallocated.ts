import type { ResourceClaim } from "./v1/resource-claim.ts"

/** What was told of devices that a claim has no more goes with them, in place. */
export function forgetDeallocated(claim: ResourceClaim, old: ResourceClaim): void {
  const given = ({ status }: ResourceClaim) =>
    new Set((status.allocation?.devices.results ?? []).map(identify))
  const [before, now] = [given(old), given(claim)]
  const kept = claim.status.devices?.filter((each) => now.has(identify(each)) || !before.has(identify(each)))
  if (kept?.length) claim.status.devices = kept
  else delete claim.status.devices
}

interface DeviceKey {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string | undefined
}

function identify({ driver, pool, device, shareID = "" }: DeviceKey): string {
  return [driver, pool, device, shareID].join("\0")
}
