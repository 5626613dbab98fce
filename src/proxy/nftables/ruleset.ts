import type { IpFamily } from "../../base/ip-address.ts"
import { Claims } from "./claims.ts"
import { ElementChange } from "./element-change.ts"
import type { Element } from "./elements.ts"
import { GroupSet } from "./group-set.ts"
import { planTable, type TableInput, tableName } from "./table.ts"

/** The elements that each owner, a Service, wants from now on. */
export type WantedElements = ReadonlyMap<string, readonly Element[]>

/**
 * What the proxy's tables hold, and the way from what they hold to what they should: transactions that name nothing but
 * the difference.
 *
 * A packet asks two maps, one after the other: which group, then which endpoint; and it walks by the rules of the moment
 * in which it came, while it sees the maps as they are. A transaction may come between. So groups are made in one before
 * anything leads to them, and what a Service leaves behind in a group goes in one after nothing leads to it any more.
 *
 * Invariant: after all transactions were applied, the kernel holds the first claim of every element, the groups that
 * those lead to, and no others.
 */
export class Ruleset {
  readonly #input: TableInput
  readonly #families: readonly IpFamily[]
  readonly #claims = new Claims()
  readonly #tableOf = (family: IpFamily): string => tableName(this.#input.prefix, family)
  readonly #groups = new GroupSet(this.#tableOf)

  constructor(input: TableInput, families: readonly IpFamily[]) {
    this.#input = input
    this.#families = families
  }

  /** Makes these the elements of their owners; gives the commands that make all of it, in the place of whatever is there. */
  planAll(wanted: WantedElements = new Map()): string {
    const before = new Map<string, Element | undefined>()
    for (const [owner, elements] of wanted) this.#claims.replace(owner, elements, before)
    this.#groups.clear()
    const change = new ElementChange()
    const groups: string[] = []
    for (const element of this.#claims.held()) {
      groups.push(...this.#groups.enter(element))
      change.add(element)
      change.addEndpoints(element)
    }
    const tables = this.#families.map((family) => planTable(this.#input, family))
    return [...tables, ...groups, change.text(this.#tableOf)].join("")
  }

  /** Makes these the elements of their owners and gives the transactions that take the tables there, in their order. */
  planChange(wanted: WantedElements): readonly string[] {
    const before = new Map<string, Element | undefined>()
    for (const [owner, elements] of wanted) this.#claims.replace(owner, elements, before)
    const newGroups: string[] = []
    const change = new ElementChange()
    const left: Element[] = []
    for (const [id, old] of before) {
      const current = this.#claims.find(id)
      if (old && current && old.value === current.value) change.replaceEndpoints(old, current)
      else {
        if (old) {
          change.remove(old)
          this.#groups.leave(old)
          left.push(old)
        }
        if (current) {
          newGroups.push(...this.#groups.enter(current))
          change.add(current)
          change.addEndpoints(current)
        }
      }
    }
    const leftBehind = new ElementChange()
    for (const element of left) leftBehind.removeEndpoints(element)
    const transactions = [
      newGroups,
      [change.text(this.#tableOf)],
      [leftBehind.text(this.#tableOf), ...this.#groups.remove(left)],
    ]
    return transactions.map((commands) => commands.join("")).filter(Boolean)
  }

  get elementCount(): number {
    return this.#claims.size
  }
}
