/** What names a device that was given, in a result of an allocation as in what its driver tells of it. */
export interface AllocatedDevice {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string | undefined
}

const separator = "\0"

/** The same for the same share of the same device. Pools have slashes in their names, so those cannot part them. */
export function allocatedDeviceKey({ driver, pool, device, shareID = "" }: AllocatedDevice): string {
  return [driver, pool, device, shareID].join(separator)
}

export function driverOfKey(key: string): string {
  return key.split(separator)[0]!
}
