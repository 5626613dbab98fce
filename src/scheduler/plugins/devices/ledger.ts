import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { type Amounts, hasRoom } from "./consumable-capacity.ts"
import type { OfferedDevice } from "./match-device.ts"

export const deviceId = ({ driver, pool, device }: OfferedDevice) => `${driver}/${pool}/${device.name}`

interface Entry {
  readonly offered: OfferedDevice
  readonly amounts: Amounts
  readonly isFirst: boolean
}

/**
 * What of all devices is given away: whole devices, parts of devices that several claims may share, and counters that
 * devices of one pool take from together (two halves of a GPU, and the whole of it).
 */
export class Ledger {
  readonly #taken = new Set<string>()
  readonly #shared = new Map<string, Map<string, bigint>>()
  /** By pool, set and name: what is left of it. */
  readonly #counters: Map<string, bigint>
  readonly #entries: Entry[] = []

  /** `counters` as their pools offer them, before anything is taken. */
  constructor(counters: ReadonlyMap<string, bigint>) {
    this.#counters = new Map(counters)
  }

  /** Whether it can be had: all of it, or where several may have it, `amounts` of its capacities. */
  isFree(offered: OfferedDevice, amounts: Amounts): boolean {
    const id = deviceId(offered)
    if (this.#taken.has(id) || !this.#countersLast(offered)) return false
    return !isShared(offered) || hasRoom(offered.device, amounts, this.#shared.get(id))
  }

  take(offered: OfferedDevice, amounts: Amounts): void {
    const id = deviceId(offered)
    const others = this.#shared.get(id)
    this.#entries.push({ offered, amounts, isFirst: !others })
    // Whoever is the first takes the counters for all who share it.
    if (others) return this.#add(others, amounts, 1n)
    if (isShared(offered)) this.#shared.set(id, new Map(amounts))
    else this.#taken.add(id)
    this.#count(offered, -1n)
  }

  /** How much has been taken: what comes after it can be given back. */
  get length(): number {
    return this.#entries.length
  }

  /** Gives back what was taken since `length` was this. */
  giveBackTo(length: number): void {
    for (const { offered, amounts, isFirst } of this.#entries.splice(length).reverse()) {
      const id = deviceId(offered)
      if (!isFirst) {
        this.#add(this.#shared.get(id)!, amounts, -1n)
        continue
      }
      this.#taken.delete(id)
      this.#shared.delete(id)
      this.#count(offered, 1n)
    }
  }

  #add(to: Map<string, bigint>, amounts: Amounts, sign: bigint): void {
    for (const [name, amount] of amounts) to.set(name, (to.get(name) ?? 0n) + sign * amount)
  }

  #countersLast(offered: OfferedDevice): boolean {
    if (this.#shared.has(deviceId(offered))) return true
    return consumption(offered).every(([name, amount]) => (this.#counters.get(name) ?? 0n) >= amount)
  }

  #count(offered: OfferedDevice, sign: bigint): void {
    for (const [name, amount] of consumption(offered))
      this.#counters.set(name, (this.#counters.get(name) ?? 0n) + sign * amount)
  }
}

/** Several claims may have parts of it. */
export function isShared({ device }: OfferedDevice): boolean {
  return device.allowMultipleAllocations === true
}

export function counterName(driver: string, pool: string, set: string, counter: string): string {
  return `${driver}/${pool}/${set}/${counter}`
}

/** What a device takes of its pool's counters when it is given away. */
function consumption({ driver, pool, device }: OfferedDevice): [name: string, amount: bigint][] {
  return (device.consumesCounters ?? []).flatMap(({ counterSet, counters }) =>
    Object.entries(counters).map(([counter, { value }]): [string, bigint] => [
      counterName(driver, pool, counterSet, counter),
      parseQuantity(value).nanos,
    ]),
  )
}
