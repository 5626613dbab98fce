import type { CelErrors } from "./cel-errors.ts"

export type TokenKind =
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "identifier"
  | "escapedIdentifier"
  | "punctuation" // operators and the words in, true, false, null
  | "end"

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly offset: number
}

const escape = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`
const string = [
  `"""(?:${escape}|[^\\\\])*?"""`,
  `'''(?:${escape}|[^\\\\])*?'''`,
  `"(?:${escape}|[^\\\\"\\n\\r])*"`,
  `'(?:${escape}|[^\\\\'\\n\\r])*'`,
  `[rR]"""[^]*?"""`,
  `[rR]'''[^]*?'''`,
  `[rR]"[^"\\n\\r]*"`,
  `[rR]'[^'\\n\\r]*'`,
].join("|")

// In this order: what comes first wins. https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
const token = new RegExp(
  [
    String.raw`(?<space>(?:[\t \r\n\f]|//[^\n]*)+)`,
    `(?<bytes>[bB](?:${string}))`,
    `(?<string>${string})`,
    String.raw`(?<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)`,
    "(?<uint>0x[0-9a-fA-F]+[uU]|[0-9]+[uU])",
    "(?<int>0x[0-9a-fA-F]+|[0-9]+)",
    "(?<identifier>[A-Za-z_][A-Za-z0-9_]*)",
    "(?<escapedIdentifier>`[A-Za-z0-9_./ -]+`)",
    String.raw`(?<punctuation>==|!=|<=|>=|&&|\|\||[[\]{}().,\-!?:+*/%<>])`,
  ].join("|"),
  "y",
)

const words = new Set(["in", "true", "false", "null"])

/** The tokens of a source; what is none is reported and skipped. The last token is the end. */
export function tokenize(source: string, errors: CelErrors): Token[] {
  const tokens: Token[] = []
  let offset = 0
  while (offset < source.length) {
    token.lastIndex = offset
    const match = token.exec(source)
    if (!match) {
      offset = reportUnrecognized(source, offset, errors)
      continue
    }
    const [text] = match
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? "space"
    if (kind !== "space")
      tokens.push({ kind: words.has(text) ? "punctuation" : (kind as TokenKind), text, offset })
    offset += text.length
  }
  tokens.push({ kind: "end", text: "<EOF>", offset: source.length })
  return tokens
}

// A quote that is not closed takes the rest of its line with it, as upstream's lexer does.
function reportUnrecognized(source: string, offset: number, errors: CelErrors): number {
  const character = String.fromCodePoint(source.codePointAt(offset) ?? 0)
  const isQuote = character === '"' || character === "'"
  const length = isQuote ? lengthOfOpenString(source.slice(offset)) : character.length
  errors.report(
    offset,
    `Syntax error: token recognition error at: '${source.slice(offset, offset + length)}'`,
  )
  return offset + length
}

function lengthOfOpenString(rest: string): number {
  const quote = rest[0] === '"' ? '"' : "'"
  const match = new RegExp(`^${quote}(?:${escape}|[^\\\\${quote}\\n\\r])*`).exec(rest)
  const length = match?.[0].length ?? 1
  // The escape that ends it belongs to it.
  return rest[length] === "\\" ? Math.min(length + 2, rest.length) : length
}
