import { formatQuantity, parseQuantity, quantityOf } from "../../../apimachinery/quantity.ts"
import type { Device } from "../../../api/resource/v1/resource-slice.ts"

type Capacity = NonNullable<Device["capacity"]>[string]
export type Requested = Readonly<Record<string, string | number>> | undefined
/** By the name of a capacity, in billionths. */
export type Amounts = ReadonlyMap<string, bigint>

const nanosOf = (value: string | number) => parseQuantity(value).nanos

/**
 * What a request takes of a device's capacities: what it asks for, rounded up to what the device's policy allows; of what it
 * does not ask for, the policy's default, or all. Undefined when it asks for what the device does not have, or more than the
 * policy allows.
 */
export function consumedCapacity({ capacity = {} }: Device, requested: Requested): Amounts | undefined {
  if (Object.keys(requested ?? {}).some((name) => !(name in capacity))) return undefined
  const amounts = new Map<string, bigint>()
  for (const [name, one] of Object.entries(capacity)) {
    const asked = requested?.[name]
    const amount = asked === undefined ? unasked(one) : roundUp(nanosOf(asked), one)
    if (violates(amount, one)) return undefined
    amounts.set(name, amount)
  }
  return amounts
}

/** Whether all of it is there beside what others have. */
export function hasRoom({ capacity = {} }: Device, amounts: Amounts, inUse: Amounts | undefined): boolean {
  return Object.entries(capacity).every(
    ([name, { value }]) => (amounts.get(name) ?? 0n) + (inUse?.get(name) ?? 0n) <= nanosOf(value),
  )
}

/** As an allocation tells it. */
export function formatAmounts({ capacity = {} }: Device, amounts: Amounts): Record<string, string> {
  const format = (name: string, nanos: bigint) =>
    formatQuantity(quantityOf(nanos, parseQuantity(capacity[name]!.value).format))
  return Object.fromEntries(Array.from(amounts, ([name, nanos]) => [name, format(name, nanos)]))
}

function unasked({ value, requestPolicy }: Capacity): bigint {
  return nanosOf(requestPolicy?.default ?? value)
}

function roundUp(asked: bigint, { requestPolicy }: Capacity): bigint {
  const { validRange, validValues } = requestPolicy ?? {}
  if (validRange) {
    const min = nanosOf(validRange.min)
    if (asked < min) return min
    if (!validRange.step) return asked
    const step = nanosOf(validRange.step)
    return min + ((asked - min + step - 1n) / step) * step
  }
  return validValues?.map(nanosOf).find((value) => asked <= value) ?? asked
}

function violates(amount: bigint, { requestPolicy }: Capacity): boolean {
  const { validRange, validValues = [], default: usual } = requestPolicy ?? {}
  if (usual !== undefined && amount === nanosOf(usual)) return false
  if (validRange) return validRange.max !== undefined && amount > nanosOf(validRange.max)
  return validValues.length > 0 && !validValues.map(nanosOf).includes(amount)
}
