import type { IpFamily } from "../../base/ip-address.ts"
import type { EndpointAddress } from "../model/plan-service.ts"
import type { StickyGroup } from "./sticky-group.ts"

/**
 * Which sets of clients there are, and the number of each endpoint in its set. An endpoint keeps its number as long as a group
 * of the set has it: one that went and came back has another, for its clients of then have found others.
 */
export class ClientSets {
  readonly #sets = new Map<string, ClientSet>()
  #lastNumber = 0

  /** One group more uses its set: whether that is new, and the numbers of the group's endpoints. */
  enter(
    family: IpFamily,
    { clients, endpoints }: StickyGroup,
  ): { isNew: boolean; numbers: readonly number[] } {
    const id = `${family} ${clients}`
    const known = this.#sets.get(id)
    const set = known ?? { groups: 0, endpoints: new Map<string, NumberedEndpoint>() }
    this.#sets.set(id, set)
    set.groups++
    return { isNew: !known, numbers: endpoints.map((endpoint) => this.#number(set, textOf(endpoint))) }
  }

  /** One group less; true when its set is not used any more. */
  leave(family: IpFamily, { clients, endpoints }: StickyGroup): boolean {
    const id = `${family} ${clients}`
    const set = this.#sets.get(id)!
    for (const text of endpoints.map(textOf))
      if (--set.endpoints.get(text)!.groups === 0) set.endpoints.delete(text)
    return --set.groups === 0 && this.#sets.delete(id)
  }

  clear(): void {
    this.#sets.clear()
  }

  #number({ endpoints }: ClientSet, text: string): number {
    const known = endpoints.get(text)
    if (!known) endpoints.set(text, { number: ++this.#lastNumber, groups: 1 })
    else known.groups++
    return known?.number ?? this.#lastNumber
  }
}

interface ClientSet {
  groups: number
  readonly endpoints: Map<string, NumberedEndpoint>
}

interface NumberedEndpoint {
  readonly number: number
  groups: number
}

function textOf({ address, port }: EndpointAddress): string {
  return `${address} ${port}`
}
