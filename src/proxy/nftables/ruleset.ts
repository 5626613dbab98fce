import type { IpFamily } from "../../base/ip-address.ts"
import type { Element } from "./elements.ts"
import { type Group, groupName, planGroup, planGroupRemoval } from "./group.ts"
import { planRemember, planTable, type TableInput, tableName } from "./table.ts"

/**
 * What the proxy's tables hold, and the way from what they hold to what they should: transactions that name nothing but
 * the difference.
 *
 * A packet asks two maps, one after the other: which group, then which endpoint; and it walks by the rules of the moment
 * in which it came, while it sees the maps as they are. A transaction may come between. So groups are made in one before
 * anything leads to them, and what a Service leaves behind in a group goes in one after nothing leads to it any more.
 *
 * Two Services may want the same address and port (an external IP, say). The one that came first has it until it goes.
 *
 * Invariant: after all transactions were applied, the kernel holds the first claim of every element, the groups that
 * those lead to, and no others.
 */
export class Ruleset {
  readonly #input: TableInput
  readonly #families: readonly IpFamily[]
  readonly #elementsOf = new Map<string, readonly Element[]>()
  readonly #claims = new Map<string, Claim[]>()
  readonly #groups = new Map<string, { readonly family: IpFamily; readonly group: Group; elements: number }>()
  readonly #remembered = new Set<number>()

  constructor(input: TableInput, families: readonly IpFamily[]) {
    this.#input = input
    this.#families = families
  }

  /** Commands that make all of it, in the place of whatever is there. */
  planAll(): string {
    const change = new Change()
    for (const claims of this.#claims.values()) change.add(claims[0]!.element)
    const tables = this.#families.map((family) => planTable(this.#input, family))
    const groups = Array.from(this.#groups.values(), ({ family, group }) =>
      planGroup(this.#table(family), family, group),
    )
    const remembers = Array.from(this.#remembered, (seconds) => planRemember(this.#table(4), seconds))
    return [...tables, ...groups, ...remembers, change.text((family) => this.#table(family))].join("")
  }

  /** Makes these the elements of each owner and gives the transactions that take the tables there, in their order. */
  planChange(wanted: ReadonlyMap<string, readonly Element[]>): readonly string[] {
    const before = new Map<string, Element | undefined>()
    for (const [owner, elements] of wanted) this.#replace(owner, elements, before)
    const change = new Change()
    const leftBehind = new Change()
    const newGroups: string[] = []
    const touchedGroups = new Set<string>()
    for (const [id, old] of before) {
      const current = this.#claims.get(id)?.[0]?.element
      if (old && current && old.value === current.value) continue
      if (old) {
        const isLeftBehind = !current && isEndpoint(old)
        if (isLeftBehind) leftBehind.remove(old)
        else change.remove(old)
        this.#leaveGroup(old, touchedGroups)
      }
      if (current) {
        change.add(current)
        newGroups.push(...this.#enterGroup(current))
      }
    }
    const table = (family: IpFamily) => this.#table(family)
    const transactions = [
      newGroups,
      [change.text(table)],
      [leftBehind.text(table), ...this.#removeEmptyGroups(touchedGroups)],
    ]
    return transactions.map((commands) => commands.join("")).filter(Boolean)
  }

  get elementCount(): number {
    return this.#claims.size
  }

  #replace(owner: string, elements: readonly Element[], before: Map<string, Element | undefined>): void {
    const touch = (id: string) => {
      if (!before.has(id)) before.set(id, this.#claims.get(id)?.[0]?.element)
    }
    const kept = new Map(elements.map((element) => [idOf(element), element]))
    for (const element of this.#elementsOf.get(owner) ?? []) {
      const id = idOf(element)
      if (kept.has(id)) continue
      touch(id)
      this.#unclaim(id, owner)
    }
    for (const [id, element] of kept) {
      touch(id)
      this.#claim(id, owner, element)
    }
    if (elements.length > 0) this.#elementsOf.set(owner, elements)
    else this.#elementsOf.delete(owner)
  }

  #claim(id: string, owner: string, element: Element): void {
    const claims = this.#claims.get(id)
    if (!claims) {
      this.#claims.set(id, [{ owner, element }])
      return
    }
    const index = claims.findIndex((claim) => claim.owner === owner)
    if (index < 0) claims.push({ owner, element })
    else claims[index] = { owner, element }
  }

  #unclaim(id: string, owner: string): void {
    const remaining = (this.#claims.get(id) ?? []).filter((claim) => claim.owner !== owner)
    if (remaining.length > 0) this.#claims.set(id, remaining)
    else this.#claims.delete(id)
  }

  /** The commands that make what the element leads to, unless it is there. */
  #enterGroup({ family, group, rememberSeconds }: Element): string[] {
    const commands: string[] = []
    if (rememberSeconds !== undefined && !this.#remembered.has(rememberSeconds)) {
      this.#remembered.add(rememberSeconds)
      commands.push(planRemember(this.#table(family), rememberSeconds))
    }
    if (!group) return commands
    const key = `${family} ${groupName(group)}`
    const known = this.#groups.get(key)
    if (known) known.elements++
    else {
      this.#groups.set(key, { family, group, elements: 1 })
      commands.push(planGroup(this.#table(family), family, group))
    }
    return commands
  }

  #leaveGroup({ family, group }: Element, touched: Set<string>): void {
    if (!group) return
    const key = `${family} ${groupName(group)}`
    this.#groups.get(key)!.elements--
    touched.add(key)
  }

  #removeEmptyGroups(touched: Iterable<string>): string[] {
    const commands: string[] = []
    for (const key of touched) {
      const { family, group, elements } = this.#groups.get(key)!
      if (elements > 0) continue
      this.#groups.delete(key)
      commands.push(planGroupRemoval(this.#table(family), group))
    }
    return commands
  }

  #table(family: IpFamily): string {
    return tableName(this.#input.prefix, family)
  }
}

interface Claim {
  readonly owner: string
  readonly element: Element
}

/** Elements to remove and to add, gathered by set so that each set is named once. */
class Change {
  readonly #removed = new Map<string, Element[]>()
  readonly #added = new Map<string, Element[]>()

  remove(element: Element): void {
    gather(this.#removed, element)
  }

  add(element: Element): void {
    gather(this.#added, element)
  }

  text(tableOf: (family: IpFamily) => string): string {
    const command = (verb: string, elements: readonly Element[], form: (element: Element) => string) => {
      const { family, set } = elements[0]!
      return `${verb} element ${tableOf(family)} ${set} { ${elements.map(form).join(", ")} }\n`
    }
    const removals = Array.from(this.#removed.values(), (elements) =>
      command("delete", elements, ({ key }) => key),
    )
    const additions = Array.from(this.#added.values(), (elements) =>
      command("add", elements, ({ key, value }) => (value === undefined ? key : `${key} : ${value}`)),
    )
    return [...removals, ...additions].join("")
  }
}

function gather(sets: Map<string, Element[]>, element: Element): void {
  const key = `${element.family} ${element.set}`
  const elements = sets.get(key)
  if (elements) elements.push(element)
  else sets.set(key, [element])
}

/** Whether it stands in a group's map, not in one that leads to the group. */
function isEndpoint({ set, group }: Element): boolean {
  return group !== undefined && set === groupName(group)
}

function idOf({ family, set, key }: Element): string {
  return `${family} ${set} ${key}`
}
