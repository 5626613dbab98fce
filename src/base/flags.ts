/**
 * Command-line flags by the rules that kubectl's users know (pflag): `--name value`, `--name=value`, `-n value`,
 * `-nvalue`, `-n=value`, grouped booleans `-it`, `--no-more-flags` after `--`, flags and arguments in any order.
 *
 * @example
 * const flags = parseFlags(argv, { "data-dir": { type: "string" }, detach: { type: "bool", short: "d" } })
 */
export interface FlagDefinition {
  readonly type: "string" | "bool" | "int" | "list" | "duration"
  readonly short?: string
  readonly default?: string | boolean | number | readonly string[]
  /** The value when the flag is given without one ("--cascade" is "background"). Strings only. */
  readonly bare?: string
  readonly description?: string
  /** How the value is called in help: "DIR". */
  readonly placeholder?: string
}

export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>

type ValueOf<D extends FlagDefinition> = D["type"] extends "bool"
  ? boolean
  : D["type"] extends "int"
    ? number
    : D["type"] extends "list"
      ? readonly string[]
      : string

type IsAlwaysSet<D> = D extends { type: "bool" } | { type: "list" } | { default: {} } ? true : false

export type FlagValues<D extends FlagDefinitions> = {
  readonly [K in keyof D]: IsAlwaysSet<D[K]> extends true ? ValueOf<D[K]> : ValueOf<D[K]> | undefined
}

export interface ParsedFlags<D extends FlagDefinitions> {
  readonly values: FlagValues<D>
  /** Everything that is not a flag, in order. */
  readonly arguments: readonly string[]
  /** What came after `--`; these are in `arguments` as well. */
  readonly afterDash: readonly string[] | undefined
  /** Names of the flags that were really given. */
  readonly given: ReadonlySet<string>
}

/** Bad flags; the message is for the user. */
export class FlagError extends Error {
  override readonly name = "FlagError"
}

export function parseFlags<const D extends FlagDefinitions>(
  argv: readonly string[],
  definitions: D,
): ParsedFlags<D> {
  const parser = new Parser(argv, definitions)
  parser.run()
  return {
    values: parser.values as FlagValues<D>,
    arguments: parser.arguments,
    afterDash: parser.afterDash,
    given: parser.given,
  }
}

class Parser {
  readonly values: Record<string, unknown> = {}
  readonly arguments: string[] = []
  readonly given = new Set<string>()
  afterDash: string[] | undefined
  readonly #definitions: FlagDefinitions
  readonly #byShort = new Map<string, string>()
  readonly #rest: string[]

  constructor(argv: readonly string[], definitions: FlagDefinitions) {
    this.#definitions = definitions
    this.#rest = [...argv]
    for (const [name, definition] of Object.entries(definitions)) {
      if (definition.short) this.#byShort.set(definition.short, name)
      const initial =
        definition.default ??
        (definition.type === "bool" ? false : definition.type === "list" ? [] : undefined)
      this.values[name] = initial
    }
  }

  run(): void {
    for (let word = this.#rest.shift(); word !== undefined; word = this.#rest.shift()) {
      if (word === "--") {
        this.afterDash = this.#rest.splice(0)
        this.arguments.push(...this.afterDash)
      } else if (word.startsWith("--")) this.#long(word)
      else if (word.startsWith("-") && word !== "-") this.#shorts(word)
      else this.arguments.push(word)
    }
  }

  #long(word: string): void {
    const equals = word.indexOf("=")
    const name = word.slice(2, equals < 0 ? undefined : equals)
    const definition = this.#definitions[name]
    if (!definition) throw new FlagError(`unknown flag: --${name}`)
    const value = equals < 0 ? undefined : word.slice(equals + 1)
    this.#set(name, definition, value ?? this.#valueFor(definition, `--${name}`), `--${name}`)
  }

  #shorts(word: string): void {
    for (let index = 1; index < word.length; index++) {
      const short = word[index]!
      const name = this.#byShort.get(short)
      if (!name) throw new FlagError(`unknown shorthand flag: '${short}' in ${word}`)
      const definition = this.#definitions[name]!
      const attached = word.slice(index + 1)
      if (attached.startsWith("=")) return this.#set(name, definition, attached.slice(1), `-${short}`)
      if (attached && definition.type !== "bool") return this.#set(name, definition, attached, `-${short}`)
      this.#set(
        name,
        definition,
        this.#valueFor(definition, `-${short}`, `'${short}' in ${word}`),
        `-${short}`,
      )
    }
  }

  /** The value of a flag that has none attached: the next word, unless the flag can stand alone. */
  #valueFor(definition: FlagDefinition, shown: string, place = shown): string {
    if (definition.type === "bool") return "true"
    if (definition.bare !== undefined) return definition.bare
    const next = this.#rest.shift()
    if (next === undefined) throw new FlagError(`flag needs an argument: ${place}`)
    return next
  }

  #set(name: string, definition: FlagDefinition, text: string, shown: string): void {
    const value = parseValue(definition, text)
    if (value === undefined)
      throw new FlagError(`invalid argument "${text}" for "${shown}" flag: ${expectation(definition)}`)
    if (Array.isArray(value) && this.given.has(name)) (this.values[name] as string[]).push(...value)
    else this.values[name] = value
    this.given.add(name)
  }
}

function parseValue(definition: FlagDefinition, text: string): unknown {
  switch (definition.type) {
    case "bool":
      if (/^(true|t|1)$/i.test(text)) return true
      return /^(false|f|0)$/i.test(text) ? false : undefined
    case "int":
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
    case "list":
      return text.split(",").filter(Boolean)
    case "duration":
      return /^(0|[+-]?(\d+(\.\d+)?(h|m|s|ms|us|ns))+)$/.test(text) ? text : undefined
    case "string":
      return text
  }
}

function expectation(definition: FlagDefinition): string {
  if (definition.type === "bool") return "it is either true or false"
  if (definition.type === "int") return "it is a whole number"
  return "it is a duration such as 30s or 1m30s"
}
