const needsEscape = /[^\x20-\x7e]|["\\]/
const unprintable = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
}

/** Text in double quotes as Go's `%q` writes it; error messages of the API are full of it. */
export function quote(text: string): string {
  if (!needsEscape.test(text)) return `"${text}"`
  return `"${text.replace(unprintable, escape)}"`
}

function escape(character: string): string {
  const short = shortEscapes[character]
  if (short) return short
  const code = character.codePointAt(0)!
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`
  return `\\U${code.toString(16).padStart(8, "0")}`
}
