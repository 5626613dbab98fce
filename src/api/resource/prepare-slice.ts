import type { DeviceAttribute, ResourceSlice } from "./v1/resource-slice.ts"

const lists = ["bools", "ints", "strings", "versions"] as const

/**
 * Takes out what is behind a switch that is off by default, unless the object had it before: attributes that are lists, and
 * what devices take of their node's resources. Changes `slice` in place.
 */
export function dropSwitchedOffDevices(slice: ResourceSlice, old: ResourceSlice | undefined): void {
  const devices = slice.spec.devices ?? []
  const before = old?.spec.devices ?? []
  if (!before.some((device) => Object.values(device.attributes ?? {}).some(hasList))) {
    for (const { attributes } of devices) {
      for (const attribute of Object.values(attributes ?? {}))
        for (const name of lists) delete attribute[name]
    }
  }
  if (before.some(({ nodeAllocatableResourceMappings }) => nodeAllocatableResourceMappings)) return
  for (const device of devices) delete device.nodeAllocatableResourceMappings
}

function hasList(attribute: DeviceAttribute): boolean {
  return lists.some((name) => attribute[name] !== undefined)
}

/** Taints tell since when they are there. Changes `slice` in place. */
export function dateTaints({ spec }: ResourceSlice, now: string): void {
  for (const { taints = [] } of spec.devices ?? []) for (const taint of taints) taint.timeAdded ??= now
}
