import type { IpFamily } from "../../base/ip-address.ts"
import type { Element } from "./elements.ts"

/** Elements to remove and to add, gathered by set so that each set is named once. */
export class ElementChange {
  readonly #removed = new Map<string, string[]>()
  readonly #added = new Map<string, string[]>()

  remove({ family, set, key }: Element): void {
    gather(this.#removed, family, set).push(key)
  }

  add({ family, set, key, value }: Element): void {
    gather(this.#added, family, set).push(value === undefined ? key : `${key} : ${value}`)
  }

  /** What the group's map has for the element. */
  removeEndpoints({ family, key, group, endpoints = [] }: Element): void {
    if (!group || endpoints.length === 0) return
    const keys = gather(this.#removed, family, group.name)
    for (let index = 0; index < endpoints.length; index++) keys.push(`${key} . ${index}`)
  }

  addEndpoints({ family, key, group, endpoints = [] }: Element): void {
    if (!group || endpoints.length === 0) return
    const texts = gather(this.#added, family, group.name)
    for (let index = 0; index < endpoints.length; index++)
      texts.push(`${key} . ${index} : ${endpoints[index]}`)
  }

  /** From those of an element to those of another that leads to the same group. */
  replaceEndpoints({ endpoints: old = [] }: Element, { family, key, group, endpoints = [] }: Element): void {
    for (const [index, endpoint] of endpoints.entries()) {
      if (!group || endpoint === old[index]) continue
      gather(this.#removed, family, group.name).push(`${key} . ${index}`)
      gather(this.#added, family, group.name).push(`${key} . ${index} : ${endpoint}`)
    }
  }

  /** The commands; the table of each family is named as nft wants it. */
  text(tableOf: (family: IpFamily) => string): string {
    const commands = (verb: string, sets: Map<string, string[]>) =>
      Array.from(sets, ([name, elements]) => {
        const family: IpFamily = name.startsWith("4") ? 4 : 6
        return `${verb} element ${tableOf(family)} ${name.slice(2)} { ${elements.join(", ")} }\n`
      })
    return [...commands("delete", this.#removed), ...commands("add", this.#added)].join("")
  }
}

function gather(sets: Map<string, string[]>, family: IpFamily, set: string): string[] {
  const name = `${family} ${set}`
  let elements = sets.get(name)
  if (!elements) sets.set(name, (elements = []))
  return elements
}
