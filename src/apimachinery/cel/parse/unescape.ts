/** The value of a string literal, quotes and prefix included in `text`, which the lexer has found well-formed. */
export function unescapeString(text: string): string {
  const { body, raw } = unquote(text)
  const value = raw ? body : body.replace(escapes, (all) => unescape(all))
  return value
}

/** The value of a bytes literal: `\xff` and `\377` are one byte, other characters are their UTF-8. */
export function unescapeBytes(text: string): Uint8Array {
  const { body, raw } = unquote(text.slice(1))
  const bytes: number[] = []
  const encoder = new TextEncoder()
  let position = 0
  for (const match of raw ? [] : body.matchAll(escapes)) {
    bytes.push(...encoder.encode(body.slice(position, match.index)))
    const [all] = match
    if (/^\\[uU]/.test(all)) throw new Error("unable to unescape string")
    if (/^\\(?:[xX0-3])/.test(all)) bytes.push(codeOf(all))
    else bytes.push(...encoder.encode(unescape(all)))
    position = match.index + all.length
  }
  bytes.push(...encoder.encode(body.slice(position)))
  return Uint8Array.from(bytes)
}

const escapes = /\\(?:[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|[^])/g

const simple: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
}

function unquote(text: string): { body: string; raw: boolean } {
  const raw = /^[rR]/.test(text)
  // Carriage returns are normalized, as in Go's source.
  const quoted = (raw ? text.slice(1) : text).replace(/\r\n?/g, "\n")
  const width = quoted.length >= 6 && (quoted.startsWith('"""') || quoted.startsWith("'''")) ? 3 : 1
  return { body: quoted.slice(width, -width), raw }
}

function unescape(all: string): string {
  const kind = all[1] ?? ""
  if (all.length === 2) return simple[kind] ?? kind
  const code = codeOf(all)
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new Error("unable to unescape string")
  return String.fromCodePoint(code)
}

function codeOf(all: string): number {
  return /^\\[xXuU]/.test(all) ? Number.parseInt(all.slice(2), 16) : Number.parseInt(all.slice(1), 8)
}
