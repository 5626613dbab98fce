import type { Element } from "./elements.ts"

/**
 * Which Service puts which element into the tables. Two may want the same address and port (an external IP, say): the one
 * that came first has it until it goes.
 */
export class Claims {
  readonly #elementsOf = new Map<string, readonly Element[]>()
  readonly #claims = new Map<string, Claim[]>()

  /** The elements that hold: the first claim of each. */
  held(): readonly Element[] {
    return Array.from(this.#claims.values(), ([first]) => first!.element)
  }

  find(id: string): Element | undefined {
    return this.#claims.get(id)?.[0]?.element
  }

  get size(): number {
    return this.#claims.size
  }

  /** Makes these the owner's elements; `before` gets what held, under its id, wherever that may have changed. */
  replace(owner: string, elements: readonly Element[], before: Map<string, Element | undefined>): void {
    const kept = new Map(elements.map((element) => [idOf(element), element]))
    for (const element of this.#elementsOf.get(owner) ?? []) {
      const id = idOf(element)
      if (kept.has(id)) continue
      if (!before.has(id)) before.set(id, this.find(id))
      this.#unclaim(id, owner)
    }
    for (const [id, element] of kept) {
      if (!before.has(id)) before.set(id, this.find(id))
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
}

interface Claim {
  readonly owner: string
  readonly element: Element
}

function idOf({ family, set, key }: Element): string {
  return `${family} ${set} ${key}`
}
