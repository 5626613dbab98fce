import type { Token } from "./lexer.ts"

// What may stand where, as syntax errors list it.

const primaryStart = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
export const expressionStart = `{'[', '{', '(', '.', '-', '!', ${primaryStart}`
export const argumentStart = `{'[', '{', '(', ')', '.', '-', '!', ${primaryStart}`
export const indexStart = `{'[', '{', '(', '.', '-', '!', '?', ${primaryStart}`
export const listStart = `{'[', ']', '{', '(', '.', ',', '-', '!', '?', ${primaryStart}`
export const mapStart = `{'[', '{', '}', '(', '.', ',', '-', '!', '?', ${primaryStart}`
export const fieldStart = "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}"

const tokenNames: Readonly<Record<Exclude<Token["kind"], "punctuation">, string>> = {
  int: "NUM_INT",
  uint: "NUM_UINT",
  double: "NUM_FLOAT",
  string: "STRING",
  bytes: "BYTES",
  identifier: "IDENTIFIER",
  escapedIdentifier: "ESC_IDENTIFIER",
  end: "<EOF>",
}

/** Whether a token is one of those expected: leaving out the wrong one before it would mend the source. */
export function mayFollow(token: Token, expected: string): boolean {
  const name = token.kind === "punctuation" ? `'${token.text}'` : tokenNames[token.kind]
  return (
    expected === name ||
    expected
      .replace(/[{}]$|^\{/g, "")
      .split(", ")
      .includes(name)
  )
}
