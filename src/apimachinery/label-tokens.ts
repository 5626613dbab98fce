const tokenPattern = /[ \t\r\n]*(==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+)/y

export interface Token {
  /** The symbol or keyword itself, "identifier" for keys and values, "end" after the last. */
  readonly type: string
  readonly text: string
}

const symbols: ReadonlySet<string> = new Set(["==", "!=", "=", "!", "(", ")", ",", "<", ">", "in", "notin"])
const end: Token = { type: "end", text: "" }

/**
 * The tokens of a label selector. `in` and `notin` are operators where an operator may stand (`next`) and plain words
 * where a key or value may (`peekValue`, `nextValue`): "in in (in)" is a fine selector.
 */
export function tokenize(text: string): { peekValue(): Token; nextValue(): Token; next(): Token } {
  const tokens: Token[] = []
  tokenPattern.lastIndex = 0
  for (let match = tokenPattern.exec(text); match; match = tokenPattern.exec(text)) {
    const word = match[1]!
    tokens.push({ type: symbols.has(word) ? word : "identifier", text: word })
  }
  let position = 0
  const asValue = (token: Token): Token =>
    token.type === "in" || token.type === "notin" ? { type: "identifier", text: token.text } : token
  const next = () => tokens[position++] ?? end
  return {
    next,
    nextValue: () => asValue(next()),
    peekValue: () => asValue(tokens[position] ?? end),
  }
}
