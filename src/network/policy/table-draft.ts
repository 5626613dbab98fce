/**
 * A table of the kernel as it should be, and the way there: changes are gathered until `takeChange` gives them as one
 * transaction. What is set and unset again in between leaves no trace.
 */
export class TableDraft {
  readonly #table: string
  readonly #fixedSets: readonly string[]
  readonly #sets = new Map<
    string,
    { readonly declaration: string; readonly elements: Map<string, string | undefined> }
  >()
  readonly #chains = new Map<string, readonly string[]>()
  /** What the kernel has, of all that was touched since. */
  readonly #touchedElements = new Map<
    string,
    Map<string, { readonly before: string | undefined } | undefined>
  >()
  readonly #touchedSets = new Map<string, string | undefined>()
  readonly #touchedChains = new Map<string, readonly string[] | undefined>()

  /**
   * `table` as nft names it in commands: "ip cor1a2b-policy". `fixedSets` are there as long as the table is; only their
   * elements change.
   */
  constructor(table: string, fixedSets: readonly string[]) {
    this.#table = table
    this.#fixedSets = fixedSets
    for (const name of fixedSets) this.#sets.set(name, { declaration: "", elements: new Map() })
  }

  /** `body` is what is between the braces of its declaration: "type ipv4_addr;". */
  ensureSet(name: string, body: string): void {
    if (this.#sets.has(name)) return
    this.#touchSet(name)
    this.#sets.set(name, { declaration: `set ${this.#table} ${name} { ${body} }`, elements: new Map() })
  }

  deleteSet(name: string): void {
    const set = this.#sets.get(name)
    if (!set) return
    for (const key of set.elements.keys()) this.#touchElement(name, key)
    this.#touchSet(name)
    this.#sets.delete(name)
  }

  setElement(set: string, key: string, value?: string): void {
    const { elements } = this.#sets.get(set)!
    if (elements.has(key) && elements.get(key) === value) return
    this.#touchElement(set, key)
    elements.set(key, value)
  }

  deleteElement(set: string, key: string): void {
    const elements = this.#sets.get(set)?.elements
    if (!elements?.has(key)) return
    this.#touchElement(set, key)
    elements.delete(key)
  }

  setChain(name: string, rules: readonly string[]): void {
    const known = this.#chains.get(name)
    if (known && known.length === rules.length && known.every((rule, index) => rule === rules[index])) return
    this.#touchChain(name)
    this.#chains.set(name, rules)
  }

  deleteChain(name: string): void {
    if (!this.#chains.has(name)) return
    this.#touchChain(name)
    this.#chains.delete(name)
  }

  /** Commands from what the kernel has to what it should have; "" when it has. Then it is taken to have it. */
  takeChange(): string {
    const lines = [
      ...this.#newSetsAndChains(),
      ...this.#elementChanges(),
      ...this.#ruleChanges(),
      ...this.#removals(),
    ]
    this.#forgetTouched()
    return lines.map((line) => `${line}\n`).join("")
  }

  /** Commands that make all of it in a table that has nothing of it. */
  takeAll(): string {
    this.#forgetTouched()
    for (const name of this.#sets.keys())
      if (!this.#fixedSets.includes(name)) this.#touchedSets.set(name, undefined)
    for (const [name, { elements }] of this.#sets)
      for (const key of elements.keys()) this.#touched(name).set(key, undefined)
    for (const name of this.#chains.keys()) this.#touchedChains.set(name, undefined)
    return this.takeChange()
  }

  #newSetsAndChains(): string[] {
    const lines: string[] = []
    for (const [name, before] of this.#touchedSets) {
      const set = this.#sets.get(name)
      if (set && before === undefined) lines.push(`add ${set.declaration}`)
    }
    for (const [name, before] of this.#touchedChains)
      if (this.#chains.has(name) && before === undefined) lines.push(`add chain ${this.#table} ${name}`)
    return lines
  }

  #elementChanges(): string[] {
    const removals: string[] = []
    const additions: string[] = []
    for (const [set, touched] of this.#touchedElements) {
      // The elements of a set that goes, go with it.
      const elements = this.#sets.get(set)?.elements
      if (!elements) continue
      const removed: string[] = []
      const added: string[] = []
      for (const [key, before] of touched) {
        const has = elements.has(key)
        const value = elements.get(key)
        if (before && has && before.before === value) continue
        if (before) removed.push(key)
        if (has) added.push(value === undefined ? key : `${key} : ${value}`)
      }
      if (removed.length > 0) removals.push(`delete element ${this.#table} ${set} { ${removed.join(", ")} }`)
      if (added.length > 0) additions.push(`add element ${this.#table} ${set} { ${added.join(", ")} }`)
    }
    return [...removals, ...additions]
  }

  #ruleChanges(): string[] {
    const lines: string[] = []
    for (const [name, before] of this.#touchedChains) {
      const rules = this.#chains.get(name)
      if (before !== undefined) lines.push(`flush chain ${this.#table} ${name}`)
      for (const rule of rules ?? []) lines.push(`add rule ${this.#table} ${name} ${rule}`)
    }
    return lines
  }

  /** Chains that lead to others were flushed before, so nothing holds these any more. */
  #removals(): string[] {
    const lines: string[] = []
    for (const [name, before] of this.#touchedChains)
      if (before !== undefined && !this.#chains.has(name)) lines.push(`delete chain ${this.#table} ${name}`)
    for (const [name, before] of this.#touchedSets)
      if (before !== undefined && !this.#sets.has(name)) lines.push(`delete ${before.split(" {")[0]}`)
    return lines
  }

  #touchSet(name: string): void {
    if (!this.#touchedSets.has(name)) this.#touchedSets.set(name, this.#sets.get(name)?.declaration)
  }

  #touchChain(name: string): void {
    if (!this.#touchedChains.has(name)) this.#touchedChains.set(name, this.#chains.get(name))
  }

  #touchElement(set: string, key: string): void {
    const touched = this.#touched(set)
    if (touched.has(key)) return
    const elements = this.#sets.get(set)!.elements
    touched.set(key, elements.has(key) ? { before: elements.get(key) } : undefined)
  }

  #touched(set: string): Map<string, { readonly before: string | undefined } | undefined> {
    let touched = this.#touchedElements.get(set)
    if (!touched) this.#touchedElements.set(set, (touched = new Map()))
    return touched
  }

  #forgetTouched(): void {
    this.#touchedElements.clear()
    this.#touchedSets.clear()
    this.#touchedChains.clear()
  }
}
