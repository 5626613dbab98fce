import { type CelLiteral, maxInt, maxUint, minInt, UInt } from "../values/value.ts"
import type { Token } from "./lexer.ts"
import { unescapeBytes, unescapeString } from "./unescape.ts"

/** The value of a token; undefined when it is not a literal. Only ints and doubles may be negative. */
export function parseLiteral(
  { kind, text }: Token,
  negative: boolean,
): { value: CelLiteral } | { message: string } | undefined {
  if (kind === "int") return parseInt64(text, negative)
  if (kind === "double") return parseDouble(text, negative)
  if (negative) return undefined
  switch (kind) {
    case "uint": {
      const value = BigInt(text.slice(0, -1))
      return value > maxUint ? { message: "invalid uint literal" } : { value: new UInt(value) }
    }
    case "string":
      return orUnescapable(() => unescapeString(text))
    case "bytes":
      return orUnescapable(() => unescapeBytes(text))
    case "punctuation":
      return { true: { value: true }, false: { value: false }, null: { value: null } }[text]
    default:
      return undefined
  }
}

function parseInt64(text: string, negative: boolean): { value: CelLiteral } | { message: string } {
  const magnitude = BigInt(text)
  const value = negative ? -magnitude : magnitude
  return value > maxInt || value < minInt ? { message: "invalid int literal" } : { value }
}

function parseDouble(text: string, negative: boolean): { value: CelLiteral } | { message: string } {
  const magnitude = Number(text)
  if (!Number.isFinite(magnitude)) return { message: "invalid double literal" }
  return { value: negative ? -magnitude : magnitude }
}

function orUnescapable(read: () => CelLiteral): { value: CelLiteral } | { message: string } {
  try {
    return { value: read() }
  } catch {
    return { message: "unable to unescape string" }
  }
}
