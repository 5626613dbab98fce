import type { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import type { DeviceRequest, ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { attributeText, matchesSelectors, type OfferedDevice } from "./match-device.ts"

/** Which device is for which request of a claim. */
export interface Allocated {
  /** "gpu", or "gpu/small" where the request has alternatives. */
  readonly request: string
  readonly offered: OfferedDevice
  readonly adminAccess: boolean
}

export const deviceId = ({ driver, pool, device }: OfferedDevice) => `${driver}/${pool}/${device.name}`

type Ask = Omit<NonNullable<DeviceRequest["exactly"]>, "name">

interface Slot {
  readonly request: string
  readonly candidates: readonly OfferedDevice[]
  readonly adminAccess: boolean
}

/**
 * Devices for every request of the claim, none of them taken: each request in turn takes the first that will do, and when a
 * later one finds none, an earlier one takes another (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/).
 * Undefined when there is no way.
 */
export function allocate(
  claim: ResourceClaim,
  offered: readonly OfferedDevice[],
  taken: ReadonlySet<string>,
  findClass: (name: string) => DeviceClass | undefined,
): Allocated[] | undefined {
  const { requests = [] } = claim.spec.devices
  for (const asks of alternatives(requests)) {
    const slots = asks.flatMap(
      ({ request, ask }) => slotsOf(request, ask, offered, taken, findClass) ?? [noSlot],
    )
    if (slots.includes(noSlot)) continue
    const found = fill(claim, slots, 0, [], new Set(taken))
    if (found) return found
  }
  return undefined
}

const noSlot: Slot = { request: "", candidates: [], adminAccess: false }

/** Every way to choose one of the alternatives of each request, the preferred first. */
function* alternatives(requests: readonly DeviceRequest[]): Iterable<{ request: string; ask: Ask }[]> {
  const [first, ...others] = requests
  if (!first) return yield []
  const choices = first.exactly
    ? [{ request: first.name, ask: first.exactly }]
    : (first.firstAvailable ?? []).map((ask) => ({ request: `${first.name}/${ask.name}`, ask: ask as Ask }))
  for (const choice of choices) for (const rest of alternatives(others)) yield [choice, ...rest]
}

/** A slot for each device that is asked for; undefined when "all" are asked for and some are taken, or there are none. */
function slotsOf(
  request: string,
  ask: Ask,
  offered: readonly OfferedDevice[],
  taken: ReadonlySet<string>,
  findClass: (name: string) => DeviceClass | undefined,
): Slot[] | undefined {
  const deviceClass = findClass(ask.deviceClassName)
  if (!deviceClass) return undefined
  const adminAccess = ask.adminAccess ?? false
  const fitting = offered.filter(
    (each) =>
      matchesSelectors(each, deviceClass.spec.selectors) &&
      matchesSelectors(each, ask.selectors) &&
      isTolerated(each, ask),
  )
  if (ask.allocationMode === "All") {
    if (fitting.length === 0 || (!adminAccess && fitting.some((each) => taken.has(deviceId(each)))))
      return undefined
    return fitting.map((each) => ({ request, candidates: [each], adminAccess }))
  }
  return Array.from({ length: ask.count || 1 }, () => ({ request, candidates: fitting, adminAccess }))
}

function isTolerated({ device }: OfferedDevice, { tolerations = [] }: Ask): boolean {
  return (device.taints ?? []).every(
    ({ key, value, effect }) =>
      effect === "None" ||
      tolerations.some(
        (each) =>
          (!each.effect || each.effect === effect) &&
          (!each.key || each.key === key) &&
          (each.operator === "Exists" || (each.value ?? "") === (value ?? "")),
      ),
  )
}

function fill(
  claim: ResourceClaim,
  slots: readonly Slot[],
  index: number,
  chosen: readonly Allocated[],
  taken: Set<string>,
): Allocated[] | undefined {
  const slot = slots[index]
  if (!slot) return Array.from(chosen)
  for (const offered of slot.candidates) {
    const id = deviceId(offered)
    if (!slot.adminAccess && taken.has(id)) continue
    const next = [...chosen, { request: slot.request, offered, adminAccess: slot.adminAccess }]
    if (!meetsConstraints(claim, next)) continue
    if (!slot.adminAccess) taken.add(id)
    const found = fill(claim, slots, index + 1, next, taken)
    if (found) return found
    if (!slot.adminAccess) taken.delete(id)
  }
  return undefined
}

function meetsConstraints({ spec }: ResourceClaim, chosen: readonly Allocated[]): boolean {
  return (spec.devices.constraints ?? []).every(({ requests = [], matchAttribute, distinctAttribute }) => {
    const concerned = chosen.filter(
      ({ request }) =>
        requests.length === 0 || requests.includes(request) || requests.includes(request.split("/")[0]!),
    )
    const attribute = matchAttribute ?? distinctAttribute
    if (!attribute) return true
    const values = concerned.map(({ offered }) => attributeText(offered, attribute))
    if (values.includes(undefined)) return false
    return matchAttribute ? new Set(values).size <= 1 : new Set(values).size === values.length
  })
}
