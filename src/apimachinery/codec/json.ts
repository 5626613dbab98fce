import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts"
import { parseJsonSlowly, sortAsWritten } from "./json-parser.ts"

/**
 * JSON as the API reads and writes it. The engine's own parser does the work; one pass over the text beside it tells
 * whether it may be trusted: how deep it nests, whether a member is there twice (there are more colons than members), and
 * whether a number has more digits than a double holds. Only such texts, and broken ones, go to our own parser, which
 * keeps big integers as BigInt, names the duplicates and words its errors as Go does.
 */

/**
 * Upstream stops at 10 000 levels; the engine's JSON.stringify gives up before that, and no object that means anything
 * comes near.
 */
export const maxJsonDepth = 1000

/**
 * @param strictErrors collects what `fieldValidation` reports: `duplicate field "spec.replicas"`
 * @throws Error in the words of Go's parser
 */
export function parseJson(input: string | Uint8Array, strictErrors?: string[]): unknown {
  const text = typeof input === "string" ? input : decodeUtf8(input)
  const { members, depth } = survey(text)
  if (depth <= maxJsonDepth && !manyDigits.test(text)) {
    try {
      const value: unknown = JSON.parse(text)
      if (!strictErrors || countMembers(value) === members) return value
    } catch {
      // Our own parser finds the words.
    }
  }
  return parseJsonSlowly(text, maxJsonDepth, strictErrors)
}

/**
 * Mistakes of strict decoding as upstream tells those of its own kinds: in the order in which the text makes them. Some
 * are found while the text is parsed, others only when it is compared with the schema.
 */
export function inOrderOfText(input: Uint8Array, strictErrors: readonly string[]): string[] {
  return sortAsWritten(decodeUtf8(input), maxJsonDepth, strictErrors)
}

// 2^53 has sixteen digits.
const manyDigits = /[0-9]{16}/

const quoteCode = 34
const colonCode = 58
const backslashCode = 92

/** Counts members and nesting of JSON text; what it says of text that is no JSON does not matter. */
function survey(text: string): { members: number; depth: number } {
  let members = 0
  let level = 0
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case quoteCode:
        index = endOfString(text, index)
        break
      case colonCode:
        members++
        break
      case 123: // {
      case 91: // [
        if (++level > depth) depth = level
        break
      case 125: // }
      case 93: // ]
        level--
        break
    }
  }
  return { members, depth }
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && text.charCodeAt(end - 1) === backslashCode && isEscaped(text, end)) {
    end = text.indexOf('"', end + 1)
  }
  return end < 0 ? text.length : end
}

// An odd number of backslashes before it.
function isEscaped(text: string, position: number): boolean {
  let backslash = position - 1
  while (text.charCodeAt(backslash) === backslashCode) backslash--
  return (position - backslash) % 2 === 0
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === "object") count += countMembers(element)
    return count
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    count += typeof member === "object" ? 1 + countMembers(member) : 1
  }
  return count
}

/** One line. Members go out in the order they have: decoded objects have the order of their declaration. */
export function encodeJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return encodeWithBigInts(value)
  }
}

export function encodeJsonBytes(value: unknown): Uint8Array {
  return encodeUtf8(encodeJson(value))
}

/** As `?pretty=true` and kubectl ask for: indented by two. */
export function encodePrettyJson(value: unknown): string {
  return indent(encodeJson(value))
}

// Through the text, so that big integers keep their digits.
function indent(json: string): string {
  const big = manyDigits.test(json)
  return big ? indentText(json) : JSON.stringify(JSON.parse(json), null, 2)
}

function indentText(json: string): string {
  let level = 0
  const newline = () => `\n${"  ".repeat(level)}`
  return json.replace(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (token) => {
    switch (token) {
      case "{":
      case "[":
        level++
        return token + newline()
      case "}":
      case "]":
        level--
        return newline() + token
      case ",":
        return token + newline()
      case ":":
        return ": "
      default:
        return token
    }
  })
}

function encodeWithBigInts(value: unknown): string {
  if (typeof value === "bigint") return String(value)
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((element) => encodeWithBigInts(element ?? null)).join(",")}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}:${encodeWithBigInts(member)}`)
  return `{${members.join(",")}}`
}
