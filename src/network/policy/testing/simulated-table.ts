import { networkHas, parseIp, parseNetwork } from "../../../base/ip-address.ts"
import type { Connection } from "../model/policy-world.ts"

/**
 * As much of nftables as policies use, strict where the kernel is strict: what is added must be new, what is deleted must be
 * there and unused. For tests of many worlds in little time; tests with packets use the real one.
 */
export class SimulatedTable {
  readonly #sets = new Map<string, Map<string, string>>()
  readonly #chains = new Map<string, string[]>()

  constructor(fixedSets: readonly string[]) {
    for (const name of fixedSets) this.#sets.set(name, new Map())
  }

  /** Runs commands as `nft -f` would; throws where it would fail. */
  apply(text: string): void {
    for (const line of text.split("\n").filter(Boolean)) this.#run(line)
    this.#checkReferences()
  }

  get size(): { sets: number; chains: number; elements: number } {
    const elements = Array.from(this.#sets.values(), (set) => set.size).reduce((sum, size) => sum + size, 0)
    return { sets: this.#sets.size, chains: this.#chains.size, elements }
  }

  /** Whether a new connection passes the chains that its addresses lead to. */
  accepts(connection: Connection): boolean {
    const { from, to } = connection
    if (this.#sets.get("own")!.has(`${from} . ${to}`)) return true
    const egress = this.#sets.get("egress-pods")!.get(from)
    const ingress = this.#sets.get("ingress-pods")!.get(to)
    return [egress, ingress].every(
      (verdict) => verdict === undefined || this.#judge(verdict.slice(5), connection),
    )
  }

  #run(line: string): void {
    const [verb, kind, _family, _table, name, ...rest] = line.split(" ") as [
      string,
      string,
      string,
      string,
      string,
      ...string[],
    ]
    const body = rest.join(" ")
    const fail = (why: string) => new Error(`${why}: ${line}`)
    if (kind === "set") {
      if (verb === "add") this.#addNew(this.#sets, name, new Map(), fail)
      else if (!this.#sets.delete(name)) throw fail("no such set")
    } else if (kind === "chain") {
      if (verb === "add") this.#addNew(this.#chains, name, [], fail)
      else if (!this.#chains.has(name)) throw fail("no such chain")
      else if (verb === "flush") this.#chains.set(name, [])
      else {
        if (this.#chains.get(name)!.length > 0) throw fail("chain is not empty")
        this.#chains.delete(name)
      }
    } else if (kind === "rule") {
      const rules = this.#chains.get(name)
      if (!rules) throw fail("no such chain")
      rules.push(body)
    } else this.#changeElements(verb, name, body, fail)
  }

  #addNew<T>(things: Map<string, T>, name: string, thing: T, fail: (why: string) => Error): void {
    if (things.has(name)) throw fail("is there already")
    things.set(name, thing)
  }

  #changeElements(verb: string, name: string, body: string, fail: (why: string) => Error): void {
    const set = this.#sets.get(name)
    if (!set) throw fail("no such set")
    for (const element of body.slice(2, -2).split(", ")) {
      const [key, value = ""] = element.split(" : ") as [string, string?]
      if (verb === "add") this.#addNew(set, key, value, fail)
      else if (!set.delete(key)) throw fail("no such element")
    }
  }

  #checkReferences(): void {
    const chains = [...this.#chains.values()]
      .flat()
      .flatMap((rule) => /(?:^jump|(?:^| )goto) (\S+)$/.exec(rule)?.[1] ?? [])
    const verdicts = [...this.#sets.values()].flatMap((set) => [...set.values()]).filter(Boolean)
    for (const chain of [...chains, ...verdicts.map((verdict) => verdict.slice(5))])
      if (!this.#chains.has(chain)) throw new Error(`chain ${chain} is used but not there`)
    for (const rule of [...this.#chains.values()].flat())
      for (const [, set] of rule.matchAll(/@(\S+)/g))
        if (!this.#sets.has(set!)) throw new Error(`set ${set} is used but not there`)
  }

  /** Undefined: no verdict, the caller goes on. */
  #walk(chain: string, connection: Connection): boolean | undefined {
    for (const rule of this.#chains.get(chain)!) {
      const [condition, verb, chain] = splitVerdict(rule)
      if (!this.#matches(condition, connection)) continue
      if (verb === "accept" || verb === "drop") return verb === "accept"
      if (verb === "goto") return this.#judge(chain, connection)
      const verdict = verb === "jump" ? this.#walk(chain, connection) : undefined
      if (verdict !== undefined) return verdict
    }
    return undefined
  }

  #judge(chain: string, connection: Connection): boolean {
    const verdict = this.#walk(chain, connection)
    if (verdict === undefined) throw new Error(`chain ${chain} ends without a verdict`)
    return verdict
  }

  #matches(rule: string, { from, to, protocol, port }: Connection): boolean {
    const name = protocol.toLowerCase()
    const addressOf = (which: string | undefined) => (which === "saddr" ? from : to)
    const conditions: readonly [RegExp, (match: RegExpExecArray) => boolean][] = [
      [
        /^ip6? daddr \. meta l4proto \. th dport @(\S+)/,
        ([, set]) => this.#sets.get(set!)!.has(`${to} . ${name} . ${port}`),
      ],
      [/^ip6? ([sd]addr) @(\S+)/, ([, which, set]) => this.#sets.get(set!)!.has(addressOf(which))],
      [
        /^ip6? ([sd]addr) != \{ ([^}]*) \}/,
        ([, which, list]) => !list!.split(", ").some((cidr) => isIn(addressOf(which), cidr)),
      ],
      [/^ip6? ([sd]addr) (\S+\/\d+)/, ([, which, cidr]) => isIn(addressOf(which), cidr!)],
      [/^meta l4proto (\S+)/, ([, which]) => which === name],
      [
        /^(tcp|udp|sctp) dport \{ ([^}]*) \}/,
        ([, which, list]) => which === name && list!.split(", ").some((range) => inRange(port, range)),
      ],
    ]
    for (let rest = rule; rest !== ""; ) {
      const found = conditions
        .map(([pattern, holds]) => ({ match: pattern.exec(rest), holds }))
        .find(({ match }) => match)
      if (!found?.match) throw new Error(`cannot read rule ${JSON.stringify(rest)}`)
      if (!found.holds(found.match)) return false
      rest = rest.slice(found.match[0].length).trimStart()
    }
    return true
  }
}

/** What a rule asks, and what it does then: "log" goes on with the next rule. */
function splitVerdict(rule: string): [condition: string, verb: string, chain: string] {
  const found = /^(.*?) ?(?:(accept|drop)|(jump|goto) (\S+)|limit .* (log) prefix "[^"]*")$/.exec(rule)
  if (!found) throw new Error(`rule without a verdict: ${rule}`)
  const [, condition = "", plain, to, chain = "", log] = found
  return [condition, plain ?? to ?? log!, chain]
}

function isIn(address: string, cidr: string): boolean {
  return networkHas(parseNetwork(cidr)!, parseIp(address)!)
}

function inRange(port: number, text: string): boolean {
  const [first, last = first] = text.split("-").map(Number)
  return port >= first! && port <= last!
}
