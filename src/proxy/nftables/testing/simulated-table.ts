/**
 * What the kernel would hold after commands of `nft`, as far as the proxy uses it. It is as strict as the kernel: what is
 * there is not added again, what is not is not removed, nor is anything that something else refers to.
 */
export class SimulatedTable {
  readonly #sets = new Map<string, Map<string, string>>()
  readonly #chains = new Map<string, string[]>()

  constructor(sets: readonly string[], chains: readonly string[]) {
    for (const name of sets) this.#sets.set(name, new Map())
    for (const name of chains) this.#chains.set(name, [])
  }

  apply(text: string): void {
    for (const line of text.split("\n")) {
      const [, verb = "", kind = "", name = "", rest = ""] =
        /^(add|delete) (map|set|chain|rule|element) ip6? \S+-services (\S+)(?: (.*))?$/.exec(line) ?? []
      if (kind === "element") this.#changeElements(verb, name, rest.slice(2, -2).split(", "))
      else if (kind === "rule") this.#addRule(name, rest)
      else if (kind === "chain") this.#changeNames(this.#chains, verb, name, () => [])
      else if (kind) this.#changeNames(this.#sets, verb, name, () => new Map<string, string>())
    }
  }

  /** All of it, in an order that does not depend on how it came about; numbers of endpoints are as they may be. */
  describe(): string[] {
    const sets = Array.from(this.#sets, ([name, elements]) =>
      Array.from(elements, ([key, value]) => `${name} { ${key} : ${value} }`).concat(name),
    )
    const chains = Array.from(this.#chains, ([name, rules]) =>
      [name, ...rules].join("\n").replaceAll(/offset \d+/g, "offset N"),
    )
    return [...sets.flat(), ...chains].toSorted()
  }

  #changeElements(verb: string, name: string, texts: readonly string[]): void {
    const elements = this.#sets.get(name)
    if (!elements) throw new Error(`there is no set ${name}`)
    for (const text of texts) {
      const [key = "", value = ""] = text.split(" : ")
      if (elements.has(key) === (verb === "add")) throw new Error(`cannot ${verb} ${key} in ${name}`)
      if (verb === "delete") elements.delete(key)
      else elements.set(key, this.#verdict(value))
    }
  }

  #verdict(value: string): string {
    const [, chain] = /^goto (.*)$/.exec(value) ?? []
    if (chain !== undefined && !this.#chains.has(chain)) throw new Error(`there is no chain ${chain}`)
    return value
  }

  #addRule(chain: string, rule: string): void {
    for (const [, set = ""] of rule.matchAll(/@(\S+)/g))
      if (!this.#sets.has(set)) throw new Error(`there is no set ${set}`)
    const rules = this.#chains.get(chain)
    if (!rules) throw new Error(`there is no chain ${chain}`)
    rules.push(rule)
  }

  #changeNames<T>(all: Map<string, T>, verb: string, name: string, make: () => T): void {
    if (all.has(name) === (verb === "add")) throw new Error(`cannot ${verb} ${name}`)
    if (verb === "add") {
      all.set(name, make())
      return
    }
    all.delete(name)
    if (this.#refers(name)) throw new Error(`${name} is in use`)
  }

  #refers(name: string): boolean {
    const inElements = Array.from(this.#sets.values()).some((elements) =>
      Array.from(elements.values()).includes(`goto ${name}`),
    )
    // A chain and a map may have one name.
    const inRules = Array.from(this.#chains.values()).some(
      (rules) => !this.#sets.has(name) && rules.some((rule) => rule.split(/\s/).includes(`@${name}`)),
    )
    return (inElements && !this.#chains.has(name)) || inRules
  }
}
