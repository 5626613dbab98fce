import type { IpFamily } from "../../base/ip-address.ts"
import { ClientSets } from "./client-sets.ts"
import type { Element } from "./elements.ts"
import { planGroupRemoval, planSharedGroup } from "./group.ts"
import { planClients, planClientsRemoval, planStickyGroup } from "./sticky-group.ts"

/** The groups that elements lead to, and the sets of clients that sticky ones share: each is there as long as something needs it. */
export class GroupSet {
  readonly #tableOf: (family: IpFamily) => string
  /** How many elements lead to each. */
  readonly #groups = new Map<string, number>()
  readonly #clients = new ClientSets()

  constructor(tableOf: (family: IpFamily) => string) {
    this.#tableOf = tableOf
  }

  /** The commands that make what the element leads to, unless it is there. */
  enter({ family, group }: Element): string[] {
    if (!group) return []
    const id = `${family} ${group.name}`
    const count = this.#groups.get(id)
    this.#groups.set(id, (count ?? 0) + 1)
    if (count !== undefined) return []
    const table = this.#tableOf(family)
    if (group.kind === "shared") return [planSharedGroup(table, family, group)]
    const { isNew, numbers } = this.#clients.enter(family, group)
    const commands = [planStickyGroup(table, family, group, numbers)]
    return isNew ? [planClients(table, family, group), ...commands] : commands
  }

  /** One element less leads to its group, which stays until `remove`: another may come. */
  leave({ family, group }: Element): void {
    if (!group) return
    const id = `${family} ${group.name}`
    this.#groups.set(id, this.#groups.get(id)! - 1)
  }

  /** The commands that remove what these elements led to and none does any more. */
  remove(left: Iterable<Element>): string[] {
    const commands: string[] = []
    for (const { family, group } of left) {
      const id = `${family} ${group?.name}`
      if (!group || this.#groups.get(id) !== 0) continue
      this.#groups.delete(id)
      const table = this.#tableOf(family)
      commands.push(planGroupRemoval(table, group))
      if (group.kind === "sticky" && this.#clients.leave(family, group))
        commands.push(planClientsRemoval(table, group))
    }
    return commands
  }

  clear(): void {
    this.#groups.clear()
    this.#clients.clear()
  }
}
