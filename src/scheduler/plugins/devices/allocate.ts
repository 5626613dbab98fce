import type { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import type { DeviceRequest, ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { tolerates } from "../../../api/core/v1/tolerate-taints.ts"
import { type Amounts, consumedCapacity, hasRoom } from "./consumable-capacity.ts"
import { isShared, type Ledger } from "./ledger.ts"
import { attributeText, matchesSelectors, type OfferedDevice } from "./match-device.ts"

type Ask = Omit<NonNullable<DeviceRequest["exactly"]>, "name">

/** Which device is for which request of a claim. */
export interface Allocated {
  /** "gpu", or "gpu/small" where the request has alternatives. */
  readonly request: string
  readonly ask: Ask
  readonly offered: OfferedDevice
  /** What it takes of the device's capacities. */
  readonly amounts: Amounts
}

interface Slot {
  readonly request: string
  readonly ask: Ask
  readonly candidates: readonly OfferedDevice[]
  /** Whether one of them will do; asked of those alone that could be had. Throws when an expression fails. */
  readonly fits: (offered: OfferedDevice) => boolean
}

/**
 * Devices for every request of the claim, none of them taken: each request in turn takes the first that will do, and when a
 * later one finds none, an earlier one takes another (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/).
 * What is found is taken in the ledger. Undefined when there is no way; then the ledger is as it was.
 *
 * @param keepTrying throws when it has taken too long: there may be more ways than anybody can wait for
 */
export function allocate(
  claim: ResourceClaim,
  offered: readonly OfferedDevice[],
  ledger: Ledger,
  findClass: (name: string) => DeviceClass | undefined,
  keepTrying: () => void = () => {},
): Allocated[] | undefined {
  const { requests = [] } = claim.spec.devices
  for (const asks of alternatives(requests)) {
    const slots = asks.flatMap(
      ({ request, ask }) => slotsOf(claim, { request, ask }, offered, findClass) ?? [noSlot],
    )
    if (slots.includes(noSlot)) continue
    const found = fill(claim, slots, 0, [], ledger, keepTrying)
    if (found) return found
  }
  return undefined
}

const noSlot: Slot = { request: "", ask: { deviceClassName: "" }, candidates: [], fits: () => false }
const nothing: Amounts = new Map()

/** Every way to choose one of the alternatives of each request, the preferred first. */
function* alternatives(requests: readonly DeviceRequest[]): Iterable<{ request: string; ask: Ask }[]> {
  const [first, ...others] = requests
  if (!first) return yield []
  const choices = first.exactly
    ? [{ request: first.name, ask: first.exactly }]
    : (first.firstAvailable ?? []).map((ask) => ({ request: `${first.name}/${ask.name}`, ask: ask as Ask }))
  for (const choice of choices) for (const rest of alternatives(others)) yield [choice, ...rest]
}

/** A slot for each device that is asked for; undefined when "all" are asked for and there are none. */
function slotsOf(
  claim: ResourceClaim,
  { request, ask }: { readonly request: string; readonly ask: Ask },
  offered: readonly OfferedDevice[],
  findClass: (name: string) => DeviceClass | undefined,
): Slot[] | undefined {
  const deviceClass = findClass(ask.deviceClassName)
  if (!deviceClass) return undefined
  const { namespace, name } = claim.metadata
  const fits = remembered(
    (each: OfferedDevice) =>
      matchesSelectors(each, deviceClass.spec.selectors, `class ${deviceClass.metadata.name}`) &&
      matchesSelectors(each, ask.selectors, `claim ${namespace}/${name}`) &&
      isTolerated(each, ask),
  )
  if (ask.allocationMode !== "All")
    return Array.from({ length: ask.count || 1 }, () => ({ request, ask, candidates: offered, fits }))
  const fitting = offered.filter(fits)
  return fitting.length > 0 ? fitting.map((each) => ({ request, ask, candidates: [each], fits })) : undefined
}

/** Asks once about each. */
function remembered<T>(ask: (value: T) => boolean): (value: T) => boolean {
  const answers = new Map<T, boolean>()
  return (value) => {
    const known = answers.get(value)
    if (known !== undefined) return known
    const answer = ask(value)
    answers.set(value, answer)
    return answer
  }
}

function isTolerated({ device }: OfferedDevice, { tolerations = [] }: Ask): boolean {
  return (device.taints ?? []).every(
    (taint) => taint.effect === "None" || tolerations.some((each) => tolerates(each, taint)),
  )
}

function fill(
  claim: ResourceClaim,
  slots: readonly Slot[],
  index: number,
  chosen: readonly Allocated[],
  ledger: Ledger,
  keepTrying: () => void,
): Allocated[] | undefined {
  keepTrying()
  const slot = slots[index]
  if (!slot) return Array.from(chosen)
  const { request, ask } = slot
  for (const offered of slot.candidates) {
    const amounts = amountsOf(offered, ask)
    if (!amounts || isChosen(chosen, offered)) continue
    if (!ask.adminAccess && !ledger.isFree(offered, amounts)) continue
    if (!slot.fits(offered)) continue
    const next = [...chosen, { request, ask, offered, amounts }]
    if (!meetsConstraints(claim, next)) continue
    const before = ledger.length
    // Who looks after devices has them beside those who use them.
    if (!ask.adminAccess) ledger.take(offered, amounts)
    const found = fill(claim, slots, index + 1, next, ledger, keepTrying)
    if (found) return found
    ledger.giveBackTo(before)
  }
  return undefined
}

/** Undefined: the device does not have so much. One that is given whole needs only to be large enough. */
function amountsOf(offered: OfferedDevice, { capacity, adminAccess }: Ask): Amounts | undefined {
  const amounts = consumedCapacity(offered.device, capacity?.requests)
  if (isShared(offered) && !adminAccess) return amounts
  if (!capacity?.requests) return nothing
  return amounts && hasRoom(offered.device, amounts, undefined) ? nothing : undefined
}

/** One claim has a device once, with or without the rights of an administrator; of shared ones it may have several parts. */
function isChosen(chosen: readonly Allocated[], offered: OfferedDevice): boolean {
  return !isShared(offered) && chosen.some((each) => each.offered === offered)
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
