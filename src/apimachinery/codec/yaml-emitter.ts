import { utf8Length } from "../../base/utf8.ts"
import { isRecord, type JsonRecord } from "../schema-plan.ts"
import { resolveScalar } from "./yaml-scalars.ts"

/**
 * YAML as `kubectl get -o yaml` prints it, to the byte: keys sorted as people count ("a2" before "a10"), lists not
 * indented under their key, strings plain where they can be, in double quotes where they would read as something else
 * ("true", "1.5", "2026-01-02"), in single quotes where signs forbid plain ones, and as literal blocks where they have
 * lines. Long strings are folded at spaces beyond column 80.
 */
export function encodeYaml(value: unknown): string {
  const emitter = new Emitter()
  emitter.document(value)
  return emitter.text
}

const width = 80

class Emitter {
  text = ""
  /** Where the current line begins in `text`. */
  #line = 0

  document(value: unknown): void {
    if (isFilled(value)) this.#collection(value, 0, true)
    else this.#scalar(value, 2, "")
    if (!this.text.endsWith("\n")) this.text += "\n"
  }

  /** `isInline`: the first entry stands where the line is. */
  #collection(value: unknown[] | JsonRecord, indent: number, isInline: boolean): void {
    if (Array.isArray(value)) this.#sequence(value, indent, isInline)
    else this.#mapping(value, indent, isInline)
  }

  #sequence(items: unknown[], indent: number, isInline: boolean): void {
    items.forEach((item, index) => {
      if (index > 0 || !isInline) this.#newLine(indent)
      this.text += "-"
      if (isFilled(item)) {
        this.text += " "
        this.#collection(item, indent + 2, true)
      } else this.#scalar(item, indent + 2, " ")
    })
  }

  #mapping(mapping: JsonRecord, indent: number, isInline: boolean): void {
    const keys = Object.keys(mapping).filter((key) => mapping[key] !== undefined)
    keys.sort(compareKeys).forEach((key, index) => {
      if (index > 0 || !isInline) this.#newLine(indent)
      const value = mapping[key]
      if (isLongKey(key)) {
        this.text += "?"
        this.#scalar(key, indent + 2, " ")
        this.#newLine(indent)
      } else this.text += scalarText(key, 0, 0, false)
      this.text += ":"
      if (!isFilled(value)) this.#scalar(value, indent + 2, " ")
      else if (isLongKey(key)) {
        this.text += " "
        this.#collection(value, indent + 2, true)
      } else this.#collection(value, Array.isArray(value) ? indent : indent + 2, false)
    })
  }

  #scalar(value: unknown, indent: number, before: string): void {
    this.text += before
    this.text += scalarText(value, indent, this.text.length - this.#line, true)
  }

  #newLine(indent: number): void {
    if (!this.text.endsWith("\n")) this.text += "\n"
    this.#line = this.text.length
    this.text += " ".repeat(indent)
  }
}

function isFilled(value: unknown): value is unknown[] | JsonRecord {
  if (Array.isArray(value)) return value.length > 0
  return isRecord(value) && Object.values(value).some((member) => member !== undefined)
}

// What is longer cannot be told from a value in time, says the specification.
function isLongKey(key: string): boolean {
  return /[\n\r\x85\u2028\u2029]/.test(key) || (key.length > 42 && utf8Length(key) > 128)
}

function scalarText(value: unknown, indent: number, column: number, isValue: boolean): string {
  switch (typeof value) {
    case "string":
      return stringText(value, indent, column, isValue)
    case "number":
      return numberText(value)
    case "boolean":
    case "bigint":
      return String(value)
    default:
      return Array.isArray(value) ? "[]" : isRecord(value) ? "{}" : "null"
  }
}

/** As Go's %g with the shortest digits: 1e-06, 1e+21. */
function numberText(value: number): string {
  if (value === 0 || Number.isInteger(value)) return String(value)
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= -5 && exponent < 21) {
    const text = String(value)
    if (!text.includes("e") && Math.abs(value) >= 1e-4) return text
  }
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2")
}

const base60Pattern = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const specialPattern = /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\u2028\u2029]/
const indicatorPattern = /^[#,[\]{}&*!|>'"%@`]|^(?:---|\.\.\.)|^[-?:](?: |$)|:(?: |\n|$)|[ \n]#/

function stringText(text: string, indent: number, column: number, isValue: boolean): string {
  const isSpecial = specialPattern.test(text) || / \n/.test(text)
  if (text.includes("\n")) {
    const isBlock = isValue && !isSpecial && !text.endsWith(" ")
    return isBlock ? literalBlock(text, indent) : doubleQuoted(text, indent, column, isValue)
  }
  if (isSpecial || resolveScalar(text).type !== "string" || base60Pattern.test(text)) {
    return doubleQuoted(text, indent, column, isValue)
  }
  if (/^ | $/.test(text) || indicatorPattern.test(text)) {
    const quoted = text.replaceAll("'", "''")
    return `'${isValue ? fold(quoted, indent, column + 1, 1) : quoted}'`
  }
  return isValue ? fold(text, indent, column, 0) : text
}

function literalBlock(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? "2" : ""
  const chomp = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : ""
  const padding = " ".repeat(indent)
  const lines = text.split("\n").map((line) => (line === "" ? "" : padding + line))
  return `|${hint}${chomp}\n${lines.join("\n")}`
}

/** Breaks at the first single space beyond the width; `edge` characters at either end stay unbroken. */
function fold(text: string, indent: number, column: number, edge: 0 | 1): string {
  if (column + text.length <= width) return text
  let out = ""
  let position = column
  const characters = Array.from(text)
  characters.forEach((character, index) => {
    const isSingle = characters[index - 1] !== " " && characters[index + 1] !== " "
    const isInside = edge === 0 || (index > 0 && index < characters.length - 1)
    if (character === " " && isSingle && isInside && position > width) {
      out += `\n${" ".repeat(indent)}`
      position = indent
    } else {
      out += character
      position++
    }
  })
  return out
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\u2028": "\\L",
  "\u2029": "\\P",
}
const escapedPattern = /[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\u2028\u2029"\\]/u

function doubleQuoted(text: string, indent: number, column: number, isValue: boolean): string {
  let out = '"'
  let position = column + 1
  const characters = Array.from(text)
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!
    const isInside = index > 0 && index < characters.length - 1
    if (character === " " && isValue && isInside && characters[index - 1] !== " " && position > width) {
      const escape = characters[index + 1] === " " ? "\\" : ""
      out += `\n${" ".repeat(indent)}${escape}`
      position = indent + escape.length
      continue
    }
    const written = escapedPattern.test(character) ? escapeCharacter(character) : character
    out += written
    position += written === character ? 1 : written.length
  }
  return `${out}"`
}

function escapeCharacter(character: string): string {
  const short = shortEscapes[character]
  if (short) return short
  const code = character.codePointAt(0)!
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`
}

const letter = /\p{L}/u
const digit = /\p{Nd}/u

/** Signs before letters, letters by code, runs of digits by their number. */
function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let index = 0
  while (index < length && a[index] === b[index]) index++
  if (index === length) return a.length - b.length
  const isLetterA = letter.test(a[index]!)
  const isLetterB = letter.test(b[index]!)
  if (isLetterA && isLetterB) return a.charCodeAt(index) - b.charCodeAt(index)
  if (isLetterA || isLetterB) return isLetterB ? -1 : 1
  return compareNumbers(a, b, index)
}

function compareNumbers(a: string, b: string, index: number): number {
  const [runA, runB] = [digitRun(a, index), digitRun(b, index)]
  // "10" and "101" differ at the third character: the zero that one of them may have there counts as a digit.
  const isInsideNumber = (a[index] === "0" || b[index] === "0") && /[1-9]\d*$/.test(a.slice(0, index))
  const prefix = isInsideNumber ? "1" : "0"
  const difference = BigInt(prefix + runA) - BigInt(prefix + runB)
  if (difference !== 0n) return difference < 0n ? -1 : 1
  return runA.length - runB.length || a.charCodeAt(index) - b.charCodeAt(index)
}

function digitRun(text: string, from: number): string {
  let end = from
  while (end < text.length && digit.test(text[end]!)) end++
  const run = text.slice(from, end)
  return /^[0-9]*$/.test(run) ? run : ""
}
