/** What is wrong with a source, at which place. */
export interface CelProblem {
  readonly offset: number
  readonly message: string
}

/** As an offset: of the source as a whole. */
export const nowhere = -2

const maxReported = 100
const maxSnippetLength = 16_384

/**
 * Collects problems and shows them as cel-go does: the message, the line, and a mark below the place. Users see this text
 * in the errors of the API.
 *
 * @example
 * ERROR: <input>:1:5: undeclared reference to 'x' (in container '')
 *  | 1 + x
 *  | ....^
 */
export class CelErrors {
  readonly #source: string
  readonly #problems: CelProblem[] = []

  constructor(source: string) {
    this.#source = source
  }

  report(offset: number, message: string): void {
    this.#problems.push({ offset, message })
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0
  }

  get problems(): readonly CelProblem[] {
    return this.#problems
  }

  toString(): string {
    const shown = this.#problems.slice(0, maxReported).sort((a, b) => a.offset - b.offset)
    const lines = shown.map((problem) => show(this.#source, problem))
    const more = this.#problems.length - shown.length
    return [...lines, ...(more > 0 ? [`${more} more errors were truncated`] : [])].join("\n")
  }
}

function show(source: string, { offset, message }: CelProblem): string {
  if (offset === nowhere) return `ERROR: <input>:-1:0: ${message}`
  if (offset < 0) return `ERROR: <input>:1:0: ${message}`
  const before = source.slice(0, Math.max(offset, 0))
  const line = before.split("\n").length
  const lineStart = before.lastIndexOf("\n") + 1
  const column = before.slice(lineStart).length
  const head = `ERROR: <input>:${line}:${column + 1}: ${message}`
  const snippet = source.slice(lineStart).split("\n", 1)[0] ?? ""
  if (snippet.length > maxSnippetLength) return head
  return `${head}\n | ${snippet.replaceAll("\t", " ")}\n | ${mark(Array.from(snippet), column)}`
}

// Dots up to the place and a caret below it, as wide as the characters above.
function mark(characters: readonly string[], column: number): string {
  const dots = characters.slice(0, column).map((character) => (isWide(character) ? "．" : "."))
  return `${dots.join("")}${isWide(characters[column] ?? "") ? "＾" : "^"}`
}

function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) > 0x7f
}
