import { quote } from "../../base/quote.ts"
import { setMember } from "../schema-plan.ts"

/**
 * A JSON parser for the texts that need one of our own (see json.ts): integers beyond 2^53 become BigInt, members that
 * appear twice are named (the last one counts), and errors have the words of Go's encoding/json.
 */
export function parseJsonSlowly(text: string, maxDepth: number, strictErrors?: string[]): unknown {
  const parser = new Parser(text, maxDepth, strictErrors)
  return parser.document()
}

/** Strict errors, "unknown field" and "duplicate field", in the order of the members that they name. */
export function sortAsWritten(text: string, maxDepth: number, strictErrors: readonly string[]): string[] {
  const order = new Map<string, number>()
  new Parser(text, maxDepth, undefined, (mistake) => {
    if (!order.has(mistake)) order.set(mistake, order.size)
  }).document()
  const rank = (error: string) => order.get(error) ?? order.size
  return strictErrors.toSorted((a, b) => rank(a) - rank(b))
}

const literals = { t: ["true", true], f: ["false", false], n: ["null", null] } as const
const shortEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}

// As upstream: the first hundred mistakes.
const maxStrictErrors = 100

class Parser {
  readonly #text: string
  readonly #maxDepth: number
  readonly #strictErrors: string[] | undefined
  readonly #visit: ((mistake: string) => void) | undefined
  readonly #path: (string | number)[] = []
  #position = 0

  /** @param visit told of every member what it would be called if it were a mistake */
  constructor(
    text: string,
    maxDepth: number,
    strictErrors: string[] | undefined,
    visit?: (mistake: string) => void,
  ) {
    this.#text = text
    this.#maxDepth = maxDepth
    this.#strictErrors = strictErrors
    this.#visit = visit
  }

  document(): unknown {
    const value = this.#value()
    this.#skipSpace()
    if (this.#position < this.#text.length) throw this.#unexpected("after top-level value")
    return value
  }

  #value(): unknown {
    this.#skipSpace()
    const character = this.#text[this.#position]
    switch (character) {
      case "{":
        return this.#object()
      case "[":
        return this.#array()
      case '"':
        return this.#string()
      case "t":
      case "f":
      case "n":
        return this.#literal(literals[character][0], literals[character][1])
      default:
        if (character === "-" || (character !== undefined && character >= "0" && character <= "9")) {
          return this.#number()
        }
        throw this.#unexpected("looking for beginning of value")
    }
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    this.#enter()
    if (this.#next() === "}") return this.#leave(object)
    for (;;) {
      if (this.#next() !== '"') throw this.#unexpected("looking for beginning of object key string")
      const key = this.#string()
      if (Object.hasOwn(object, key)) this.#reportDuplicate(key)
      this.#visit?.(this.#mistake(Object.hasOwn(object, key) ? "duplicate" : "unknown", key))
      if (this.#next() !== ":") throw this.#unexpected("after object key")
      this.#position++
      this.#path.push(key)
      setMember(object, key, this.#value())
      this.#path.pop()
      const separator = this.#next()
      if (separator === "}") return this.#leave(object)
      if (separator !== ",") throw this.#unexpected("after object key:value pair")
      this.#position++
    }
  }

  #array(): unknown[] {
    const array: unknown[] = []
    this.#enter()
    if (this.#next() === "]") return this.#leave(array)
    for (;;) {
      this.#path.push(array.length)
      array.push(this.#value())
      this.#path.pop()
      const separator = this.#next()
      if (separator === "]") return this.#leave(array)
      if (separator !== ",") throw this.#unexpected("after array element")
      this.#position++
    }
  }

  // The path is as long as the nesting is deep.
  #enter(): void {
    if (this.#path.length >= this.#maxDepth) throw new Error("exceeded max depth")
    this.#position++
  }

  #leave<T>(value: T): T {
    this.#position++
    return value
  }

  #string(): string {
    const start = ++this.#position
    let out = ""
    let from = start
    for (;;) {
      const code = this.#text.charCodeAt(this.#position)
      if (Number.isNaN(code)) throw this.#unexpected("in string literal")
      if (code === 34) {
        out += this.#text.slice(from, this.#position++)
        return out
      }
      if (code < 0x20) throw this.#unexpected("in string literal")
      if (code === 92) {
        out += this.#text.slice(from, this.#position) + this.#escape()
        from = this.#position
      } else this.#position++
    }
  }

  #escape(): string {
    const character = this.#text[++this.#position] ?? ""
    if (character === "u") {
      for (let digit = 0; digit < 4; digit++) {
        this.#position++
        if (!/[0-9a-fA-F]/.test(this.#text[this.#position] ?? "")) {
          throw this.#unexpected("in \\u hexadecimal character escape")
        }
      }
      this.#position++
      return String.fromCharCode(Number.parseInt(this.#text.slice(this.#position - 4, this.#position), 16))
    }
    const escaped = Object.hasOwn(shortEscapes, character) ? shortEscapes[character] : undefined
    if (escaped === undefined) throw this.#unexpected("in string escape code")
    this.#position++
    return escaped
  }

  #literal(word: string, value: boolean | null): boolean | null {
    for (let index = 0; index < word.length; index++) {
      if (this.#text[this.#position] !== word[index]) {
        throw this.#unexpected(`in literal ${word} (expecting '${word[index]}')`)
      }
      this.#position++
    }
    return value
  }

  #number(): number | bigint {
    const start = this.#position
    if (this.#text[this.#position] === "-") this.#position++
    if (this.#text[this.#position] === "0") this.#position++
    else this.#digits("in numeric literal")
    let isInteger = true
    if (this.#text[this.#position] === ".") {
      isInteger = false
      this.#position++
      this.#digits("after decimal point in numeric literal")
    }
    if (/[eE]/.test(this.#text[this.#position] ?? "")) {
      isInteger = false
      this.#position++
      if (/[+-]/.test(this.#text[this.#position] ?? "")) this.#position++
      this.#digits("in exponent of numeric literal")
    }
    const literal = this.#text.slice(start, this.#position)
    const value = Number(literal)
    return isInteger && !Number.isSafeInteger(value) ? exactInteger(literal, value) : value
  }

  #digits(context: string): void {
    const start = this.#position
    while (this.#text.charCodeAt(this.#position) >= 48 && this.#text.charCodeAt(this.#position) <= 57) {
      this.#position++
    }
    if (this.#position === start) throw this.#unexpected(context)
  }

  #next(): string | undefined {
    this.#skipSpace()
    return this.#text[this.#position]
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#position++
    }
  }

  #reportDuplicate(key: string): void {
    const errors = this.#strictErrors
    if (!errors || errors.length >= maxStrictErrors) return
    const message = this.#mistake("duplicate", key)
    if (!errors.includes(message)) errors.push(message)
  }

  #mistake(kind: "duplicate" | "unknown", key: string): string {
    let path = ""
    for (const step of this.#path)
      path += typeof step === "number" ? `[${step}]` : path === "" ? step : `.${step}`
    return `${kind} field ${quote(path === "" ? key : `${path}.${key}`)}`
  }

  #unexpected(context: string): Error {
    const character = this.#text.codePointAt(this.#position)
    if (character === undefined) return new Error("unexpected end of JSON input")
    return new Error(`invalid character ${quoteCharacter(String.fromCodePoint(character))} ${context}`)
  }
}

// What an int64 does not hold, Go reads as a float.
function exactInteger(literal: string, value: number): number | bigint {
  const exact = BigInt(literal)
  return BigInt.asIntN(64, exact) === exact ? exact : value
}

function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''"
  if (character === '"') return "'\"'"
  return `'${quote(character).slice(1, -1)}'`
}
