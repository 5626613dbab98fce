import { codePointLength } from "../values/value.ts"
import { type CelErrors, nowhere } from "./cel-errors.ts"
import {
  argumentStart,
  expressionStart,
  fieldStart,
  indexStart,
  listStart,
  mapStart,
  mayFollow,
} from "./expected.ts"
import type { Expression, MapEntry, StructField } from "./expression.ts"
import { type Token, tokenize } from "./lexer.ts"
import { expandMacro } from "./macros.ts"
import { measure } from "./measure.ts"
import { parseLiteral } from "./parse-literal.ts"

const maxSourceLength = 100_000
const maxDepth = 250
// What comes after walks the tree by recursion.
const maxHeight = 251
// Macros may name their target twice, and chains of them double with every link.
const maxSize = 100_000

/** Undefined when something is wrong; `errors` says what. */
export function parseCel(
  source: string,
  errors: CelErrors,
  options: { readonly hasBind?: boolean } = {},
): Expression | undefined {
  const length = codePointLength(source)
  if (length > maxSourceLength) {
    errors.report(
      nowhere,
      `expression code point size exceeds limit: size: ${length}, limit ${maxSourceLength}`,
    )
    return undefined
  }
  const parser = new Parser(tokenize(source, errors), errors, options.hasBind ?? false)
  const expression = parser.parse()
  if (!expression || !errors.isEmpty) return undefined
  const { height, size } = measure(expression)
  if (height > maxHeight) errors.report(nowhere, "max recursion depth exceeded")
  else if (size > maxSize) errors.report(nowhere, "expression is too large when its macros are expanded")
  return errors.isEmpty ? expression : undefined
}

/** Thrown at the first error after which there is no sense in going on; it has been reported. */
class SyntaxFailure extends Error {}

const reserved = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
)

const relations = new Set(["<", "<=", ">=", ">", "==", "!=", "in"])

// What upstream calls the functions behind the operators; users see these names in error messages.
const operatorNames: Readonly<Record<string, string>> = {
  "<": "_<_",
  "<=": "_<=_",
  ">=": "_>=_",
  ">": "_>_",
  "==": "_==_",
  "!=": "_!=_",
  in: "@in",
  "+": "_+_",
  "-": "_-_",
  "*": "_*_",
  "/": "_/_",
  "%": "_%_",
}

/** Recursive descent over the grammar of the language definition, a method per rule. */
class Parser {
  readonly #tokens: readonly Token[]
  readonly #errors: CelErrors
  readonly #hasBind: boolean
  #position = 0
  #depth = 0

  constructor(tokens: readonly Token[], errors: CelErrors, hasBind: boolean) {
    this.#hasBind = hasBind
    this.#tokens = tokens
    this.#errors = errors
  }

  parse(): Expression | undefined {
    try {
      const expression = this.#expression()
      if (this.#peek().kind !== "end") this.#unexpected("<EOF>")
      return expression
    } catch (error) {
      if (error instanceof SyntaxFailure) return undefined
      throw error
    }
  }

  #expression(expected = expressionStart): Expression {
    if (++this.#depth > maxDepth) {
      this.#fail(nowhere, `expression recursion limit exceeded: ${maxDepth}`)
    }
    const condition = this.#logical("||", "_||_", () =>
      this.#logical("&&", "_&&_", () => this.#relation(expected)),
    )
    const question = this.#accept("?")
    if (!question) {
      this.#depth--
      return condition
    }
    const ifTrue = this.#logical("||", "_||_", () => this.#logical("&&", "_&&_", () => this.#relation()))
    this.#require(":", "':'")
    const ifFalse = this.#expression()
    this.#depth--
    return call(question.offset, "_?_:_", condition, ifTrue, ifFalse)
  }

  // Long chains become balanced trees, so that walking them does not need a deep stack.
  #logical(operator: string, name: string, term: () => Expression): Expression {
    const terms = [term()]
    const offsets: number[] = []
    for (let token = this.#accept(operator); token; token = this.#accept(operator)) {
      offsets.push(token.offset)
      terms.push(term())
    }
    return balance(name, terms, offsets, 0, offsets.length - 1)
  }

  #relation(expected?: string): Expression {
    let left = this.#sum(expected)
    while (this.#peek().kind === "punctuation" && relations.has(this.#peek().text)) {
      const { text, offset } = this.#next()
      left = call(offset, operatorNames[text] ?? text, left, this.#sum())
    }
    return left
  }

  #sum(expected?: string): Expression {
    let left = this.#product(expected)
    for (let token = this.#accept("+", "-"); token; token = this.#accept("+", "-")) {
      left = call(token.offset, operatorNames[token.text] ?? "", left, this.#product())
    }
    return left
  }

  #product(expected?: string): Expression {
    let left = this.#unary(expected)
    for (let token = this.#accept("*", "/", "%"); token; token = this.#accept("*", "/", "%")) {
      left = call(token.offset, operatorNames[token.text] ?? "", left, this.#unary())
    }
    return left
  }

  #unary(expected?: string): Expression {
    const first = this.#peek()
    if (this.#is("!")) return this.#prefixed("!", "!_", first.offset)
    const after = this.#tokens[this.#position + 1]
    const isNumber = after?.kind === "int" || after?.kind === "double"
    if (this.#is("-") && !isNumber) return this.#prefixed("-", "-_", first.offset)
    return this.#member(expected)
  }

  // An even number of them is none.
  #prefixed(operator: string, name: string, offset: number): Expression {
    let count = 0
    while (this.#accept(operator)) count++
    const operand = this.#member()
    return count % 2 === 0 ? operand : call(offset, name, operand)
  }

  #member(expected?: string): Expression {
    let operand = this.#primary(expected)
    for (;;) {
      const dot = this.#accept(".")
      if (dot) operand = this.#select(operand, dot)
      else {
        const bracket = this.#accept("[")
        if (!bracket) break
        operand = this.#index(operand, bracket.offset)
      }
    }
    return operand
  }

  #index(operand: Expression, offset: number): Expression {
    const optional = this.#accept("?")
    const index = this.#expression(indexStart)
    this.#require("]", "']'")
    return call(offset, optional ? "_[?_]" : "_[_]", operand, index)
  }

  #select(operand: Expression, dot: Token): Expression {
    const optional = this.#accept("?")
    const name = this.#fieldName(dot)
    if (optional) {
      const field: Expression = { kind: "literal", offset: name.offset, value: name.text }
      return call(dot.offset, "_?._", operand, field)
    }
    const open = name.kind === "identifier" && this.#accept("(")
    if (!open) return { kind: "select", offset: dot.offset, operand, field: name.text, testOnly: false }
    return this.#call(open.offset, name.text, operand, this.#arguments())
  }

  #fieldName(dot: Token): Token {
    const name = this.#peek()
    if (name.kind === "escapedIdentifier") this.#fail(name.offset, "unsupported syntax: '`'")
    if (name.kind !== "identifier") {
      const at = name.kind === "end" ? dot.text : `${dot.text}${name.text}`
      this.#fail(name.offset, `Syntax error: no viable alternative at input '${at}'`)
    }
    return this.#next()
  }

  #arguments(): Expression[] {
    if (this.#accept(")")) return []
    const args = [this.#expression(argumentStart)]
    while (this.#accept(",")) args.push(this.#expression())
    this.#require(")", "')'")
    return args
  }

  #call(offset: number, name: string, target: Expression | undefined, args: Expression[]): Expression {
    const [errors, hasBind] = [this.#errors, this.#hasBind]
    const expanded = expandMacro({ function: name, target, args, offset, errors, hasBind })
    if (expanded === "failed") return { kind: "literal", offset, value: null }
    return expanded ?? { kind: "call", offset, function: name, args, ...(target && { target }) }
  }

  #primary(expected = expressionStart): Expression {
    const token = this.#peek()
    if (this.#accept("(")) {
      const nested = this.#expression()
      this.#require(")", "')'")
      return nested
    }
    if (this.#accept("[")) return this.#list(token.offset)
    if (this.#accept("{")) return { kind: "map", offset: token.offset, entries: this.#mapEntries() }
    if (token.kind === "identifier" || this.#is(".")) return this.#name()
    const literal = this.#literal()
    if (literal) return literal
    return this.#unexpected(expected)
  }

  #name(): Expression {
    const dot = this.#accept(".")
    const first = this.#peek()
    if (first.kind !== "identifier") {
      const at = first.kind === "end" ? "." : `.${first.text}`
      this.#fail(first.offset, `Syntax error: no viable alternative at input '${at}'`)
    }
    this.#next()
    const name = `${dot ? "." : ""}${first.text}`
    const struct = this.#structName(name)
    if (struct !== undefined) return struct
    if (reserved.has(first.text)) this.#errors.report(first.offset, `reserved identifier: ${first.text}`)
    const open = this.#accept("(")
    if (open) return this.#call(open.offset, name, undefined, this.#arguments())
    return { kind: "identifier", offset: (dot ?? first).offset, name }
  }

  // `a.b.C{` constructs an object; only the brace at the end tells it from a selection.
  #structName(first: string): Expression | undefined {
    let ahead = this.#position
    const names = [first]
    while (this.#tokens[ahead]?.text === "." && this.#tokens[ahead + 1]?.kind === "identifier") {
      names.push(this.#tokens[ahead + 1]?.text ?? "")
      ahead += 2
    }
    const brace = this.#tokens[ahead]
    if (brace?.kind !== "punctuation" || brace.text !== "{") return undefined
    this.#position = ahead + 1
    return { kind: "struct", offset: brace.offset, typeName: names.join("."), fields: this.#structFields() }
  }

  #list(offset: number): Expression {
    const elements: Expression[] = []
    const optionals = new Set<number>()
    let expected = listStart
    while (!this.#accept("]")) {
      if (this.#accept("?")) optionals.add(elements.length)
      elements.push(this.#expression(expected))
      expected = expressionStart
      if (!this.#accept(",") && !this.#is("]")) this.#unexpected("{']', ','}")
    }
    return { kind: "list", offset, elements, optionals }
  }

  #mapEntries(): MapEntry[] {
    const entries: MapEntry[] = []
    let expected = mapStart
    while (!this.#accept("}")) {
      const optional = this.#accept("?") !== undefined
      const key = this.#expression(expected)
      const { offset } = this.#require(":", "':'")
      entries.push({ offset, key, value: this.#expression(), optional })
      expected = expressionStart
      if (!this.#accept(",") && !this.#is("}")) this.#unexpected("{'}', ','}")
    }
    return entries
  }

  #structFields(): StructField[] {
    const fields: StructField[] = []
    while (!this.#accept("}")) {
      const optional = this.#accept("?") !== undefined
      const name = this.#peek()
      if (name.kind === "escapedIdentifier") this.#fail(name.offset, "unsupported syntax: '`'")
      if (name.kind !== "identifier") this.#unexpected(fieldStart)
      this.#next()
      const { offset } = this.#require(":", "':'")
      fields.push({ offset, name: name.text, value: this.#expression(), optional })
      if (!this.#accept(",") && !this.#is("}")) this.#unexpected("{'}', ','}")
    }
    return fields
  }

  #literal(): Expression | undefined {
    const start = this.#peek()
    const minus = this.#accept("-")
    const token = this.#peek()
    const literal = parseLiteral(token, minus !== undefined)
    if (literal === undefined) {
      if (minus) this.#position--
      return undefined
    }
    this.#next()
    if ("value" in literal) return { kind: "literal", offset: start.offset, value: literal.value }
    this.#errors.report(start.offset, literal.message)
    return { kind: "literal", offset: start.offset, value: null }
  }

  #peek(): Token {
    return this.#tokens[this.#position] as Token
  }

  #next(): Token {
    return this.#tokens[this.#position++] as Token
  }

  #is(text: string): boolean {
    const token = this.#peek()
    return token.kind === "punctuation" && token.text === text
  }

  #accept(...texts: string[]): Token | undefined {
    return texts.some((text) => this.#is(text)) ? this.#next() : undefined
  }

  #require(text: string, expected: string): Token {
    const token = this.#accept(text)
    if (token) return token
    const found = this.#peek()
    // A bracket or colon that is all that is missing.
    const isEnough = text === ":" ? mayFollow(found, expressionStart) : found.kind === "end"
    if (isEnough) this.#fail(found.offset, `Syntax error: missing ${expected} at '${found.text}'`)
    return this.#unexpected(expected)
  }

  #unexpected(expected: string): never {
    const { text, offset } = this.#peek()
    const after = this.#tokens[this.#position + 1]
    const isExtra = after !== undefined && mayFollow(after, expected)
    const what = isExtra ? "extraneous" : "mismatched"
    // Upstream points before the start of a source that is empty.
    return this.#fail(
      offset === 0 && text === "<EOF>" ? -1 : offset,
      `Syntax error: ${what} input '${text}' expecting ${expected}`,
    )
  }

  #fail(offset: number, message: string): never {
    this.#errors.report(offset, message)
    throw new SyntaxFailure(message)
  }
}

function call(offset: number, name: string, ...args: Expression[]): Expression {
  return { kind: "call", offset, function: name, args }
}

function balance(
  name: string,
  terms: Expression[],
  offsets: number[],
  low: number,
  high: number,
): Expression {
  if (high < low) return terms[low] as Expression
  const middle = Math.floor((low + high + 1) / 2)
  const left = balance(name, terms, offsets, low, middle - 1)
  const right = balance(name, terms, offsets, middle + 1, high)
  return call(offsets[middle] ?? 0, name, left, right)
}
