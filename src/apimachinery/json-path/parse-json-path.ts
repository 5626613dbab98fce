import type { Operand, Operator, Step } from "./json-path.ts"

/** Reads `.spec.ports[?(@.name=="web")].port`, with or without braces around it. Throws Error in upstream's words. */
export function parseJsonPath(text: string): Step[] {
  const inner = text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1) : text
  return new Parser(inner).path()
}

const operators: readonly Operator[] = ["==", "!=", "<=", ">=", "<", ">"]

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  path(): Step[] {
    const steps: Step[] = []
    while (this.#at < this.#text.length) {
      const step = this.#step(steps.length === 0)
      if (step) steps.push(step)
    }
    return steps
  }

  #step(isFirst: boolean): Step | undefined {
    const character = this.#text[this.#at]!
    const rest = this.#text.slice(this.#at)
    if (/\s/.test(character)) return this.#skip(1)
    if (rest.startsWith("..")) {
      // The second dot begins the field that is looked for everywhere below.
      this.#at += this.#text[this.#at + 2] === "[" ? 2 : 1
      return { kind: "descend" }
    }
    switch (character) {
      case ".":
        return this.#field()
      case "[":
        return this.#brackets()
      case "@":
        this.#at++
        return { kind: "current" }
      case "$":
        this.#at++
        return { kind: "root" }
      case "*":
        this.#at++
        return { kind: "wildcard" }
      case '"':
      case "'":
        return { kind: "literal", value: this.#quoted() }
    }
    const number = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?/.exec(rest)?.[0]
    if (number) {
      this.#at += number.length
      return { kind: "literal", value: Number(number) }
    }
    const name = /^\w+/.exec(rest)?.[0]
    if (!name || !isFirst) throw new Error(`unrecognized character in action: U+${codePoint(character)}`)
    this.#at += name.length
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" }
    throw new Error(`unrecognized identifier ${name}`)
  }

  #skip(count: number): undefined {
    this.#at += count
    return undefined
  }

  /** ".metadata", with "\." for a dot within the name; a lone dot stays where it is. */
  #field(): Step | undefined {
    this.#at++
    const name = /^(?:\\.|[^\s.,[\]@$'"(){}=<>!?])*/.exec(this.#text.slice(this.#at))![0]
    this.#at += name.length
    if (name === "") return undefined
    return name === "*" ? { kind: "wildcard" } : { kind: "field", name: name.replaceAll("\\", "") }
  }

  #brackets(): Step {
    const inner = this.#bracketed()
    if (inner.startsWith("?(") && inner.endsWith(")")) return parseFilter(inner.slice(2, -1))
    const parts = splitOutsideQuotes(inner, ",").map((part) => part.trim())
    const steps = parts.map(parseElement)
    if (steps.length === 1) return steps[0]!
    return { kind: "union", paths: steps.map((step) => [step]) }
  }

  #bracketed(): string {
    const start = ++this.#at
    let depth = 1
    let quote = ""
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!
      if (quote) {
        if (character === "\\") this.#at++
        else if (character === quote) quote = ""
      } else if (character === '"' || character === "'") quote = character
      else if (character === "[") depth++
      else if (character === "]" && --depth === 0) return this.#text.slice(start, this.#at++)
    }
    throw new Error("unterminated array")
  }

  #quoted(): string {
    const quote = this.#text[this.#at]!
    const end = closingQuote(this.#text, this.#at)
    if (end < 0) throw new Error(`unterminated ${quote === '"' ? "quoted string" : "quoted string"}`)
    const value = unquote(this.#text.slice(this.#at, end + 1))
    this.#at = end + 1
    return value
  }
}

function parseElement(text: string): Step {
  if (text === "*") return { kind: "wildcard" }
  if (/^(['"]).*\1$/s.test(text)) return { kind: "field", name: unquote(text) }
  const match = /^(-?\d*)(?:(:)(-?\d*))?(?:(:)(-?\d*))?$/.exec(text)
  if (!match || text === "") throw new Error(`invalid array index ${text}`)
  const [, from = "", colon, to = "", , step = ""] = match
  if (colon === undefined) return { kind: "index", index: Number(from) }
  return { kind: "slice", from: numberOf(from), to: numberOf(to), step: numberOf(step) }
}

function numberOf(text: string): number | undefined {
  return text === "" ? undefined : Number(text)
}

function parseFilter(text: string): Step {
  const at = findOutsideQuotes(text, (index) => operators.find((each) => text.startsWith(each, index)))
  if (!at) return { kind: "filter", left: operandOf(text), operator: "exists", right: [] }
  const { index, found } = at
  return {
    kind: "filter",
    left: operandOf(text.slice(0, index)),
    operator: found,
    right: operandOf(text.slice(index + found.length)),
  }
}

function operandOf(text: string): Operand {
  return new Parser(text.trim()).path()
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let rest = text
  for (;;) {
    const at = findOutsideQuotes(rest, (index) => (rest[index] === separator ? separator : undefined))
    if (!at) return [...parts, rest]
    parts.push(rest.slice(0, at.index))
    rest = rest.slice(at.index + 1)
  }
}

function findOutsideQuotes<T>(
  text: string,
  find: (index: number) => T | undefined,
): { readonly index: number; readonly found: T } | undefined {
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '"' || text[index] === "'") {
      const end = closingQuote(text, index)
      if (end < 0) return undefined
      index = end
      continue
    }
    const found = find(index)
    if (found !== undefined) return { index, found }
  }
  return undefined
}

function closingQuote(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === "\\") index++
    else if (text[index] === text[start]) return index
  }
  return -1
}

function unquote(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" }
  return text.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character)
}

function codePoint(character: string): string {
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")
  return `${code} '${character}'`
}
