import { ValueList, elementsOf } from "../values/collections.ts"
import { CelError, type CelList, type CelResult } from "../values/value.ts"
import { overload } from "./function.ts"
import { formatText } from "./format-text.ts"

/** cel-go's string extension as of its second version. Positions count characters, not UTF-16 units. */
export const stringFunctions = [
  overload("string_char_at_int", "string.charAt(int): string", charAt),
  overload("string_index_of_string", "string.indexOf(string): int", (text: string, part: string) =>
    indexOf(text, part, 0n),
  ),
  overload("string_index_of_string_int", "string.indexOf(string, int): int", indexOf),
  overload("string_last_index_of_string", "string.lastIndexOf(string): int", lastIndexOfAll),
  overload("string_last_index_of_string_int", "string.lastIndexOf(string, int): int", lastIndexOf),
  overload("string_lower_ascii", "string.lowerAscii(): string", (text: string) =>
    text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  ),
  overload("string_upper_ascii", "string.upperAscii(): string", (text: string) =>
    text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
  ),
  overload(
    "string_replace_string_string",
    "string.replace(string, string): string",
    (text: string, from: string, to: string) => replace(text, from, to, -1n),
  ),
  overload("string_replace_string_string_int", "string.replace(string, string, int): string", replace),
  overload("string_split_string", "string.split(string): list(string)", (text: string, separator: string) =>
    split(text, separator, -1n),
  ),
  overload("string_split_string_int", "string.split(string, int): list(string)", split),
  overload("string_substring_int", "string.substring(int): string", (text: string, start: bigint) =>
    substring(text, start, undefined),
  ),
  overload("string_substring_int_int", "string.substring(int, int): string", substring),
  overload("string_trim", "string.trim(): string", trim),
  overload("string_format", "string.format(list(dyn)): string", formatText),
  overload("strings_quote", "strings.quote(string): string", quoteText),
  overload("list_join", "list(string).join(): string", (list: CelList) => join(list, "")),
  overload("list_join_string", "list(string).join(string): string", join),
]

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`)
}

function charAt(text: string, index: bigint): CelResult {
  const characters = Array.from(text)
  if (index < 0n || index > characters.length) return outOfRange(index)
  return characters[Number(index)] ?? ""
}

function indexOf(text: string, part: string, offset: bigint): CelResult {
  if (part === "") return offset
  if (offset < 0n) return outOfRange(offset)
  const characters = Array.from(text)
  if (offset >= characters.length) return -1n
  const start = characters.slice(0, Number(offset)).join("").length
  return characterIndex(text, text.indexOf(part, start))
}

function lastIndexOfAll(text: string, part: string): CelResult {
  if (part === "") return BigInt(Array.from(text).length)
  return characterIndex(text, text.lastIndexOf(part))
}

function lastIndexOf(text: string, part: string, offset: bigint): CelResult {
  if (part === "") return offset
  if (offset < 0n) return outOfRange(offset)
  const characters = Array.from(text)
  if (offset >= characters.length) return -1n
  const start = characters.slice(0, Number(offset)).join("").length
  return characterIndex(text, text.lastIndexOf(part, start))
}

function characterIndex(text: string, index: number): bigint {
  return index < 0 ? -1n : BigInt(Array.from(text.slice(0, index)).length)
}

function replace(text: string, from: string, to: string, limit: bigint): CelResult {
  if (limit === 0n || from === to) return text
  const parts = from === "" ? ["", ...Array.from(text), ""] : text.split(from)
  const count = limit < 0n ? parts.length - 1 : Math.min(Number(limit), parts.length - 1)
  const replaced = parts.slice(0, count + 1).join(to)
  const rest = parts.slice(count + 1)
  return rest.length === 0 ? replaced : [replaced, ...rest].join(from)
}

function split(text: string, separator: string, limit: bigint): CelResult {
  if (limit === 0n) return new ValueList([])
  const parts = separator === "" ? Array.from(text) : text.split(separator)
  if (limit < 0n || parts.length <= limit) return new ValueList(parts)
  const kept = Number(limit) - 1
  return new ValueList([...parts.slice(0, kept), parts.slice(kept).join(separator)])
}

function substring(text: string, start: bigint, end: bigint | undefined): CelResult {
  const characters = Array.from(text)
  const stop = end ?? BigInt(characters.length)
  if (end !== undefined && start > end) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  }
  if (start < 0n || start > characters.length) return outOfRange(start)
  if (stop < 0n || stop > characters.length) return outOfRange(stop)
  return characters.slice(Number(start), Number(stop)).join("")
}

// What Unicode calls white space, which differs from JavaScript's trim in two characters.
function trim(text: string): string {
  return text
    .replace(/^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u, "")
    .replace(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u, "")
}

const escapes: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
}

function quoteText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is escaped
  return `"${text.replace(/[\u0007\b\f\n\r\t\v\\"]/g, (character) => escapes[character] ?? character)}"`
}

function join(list: CelList, separator: string): CelResult {
  const parts: string[] = []
  for (const element of elementsOf(list)) {
    if (typeof element !== "string") return new CelError("join: invalid input")
    parts.push(element)
  }
  return parts.join(separator)
}
