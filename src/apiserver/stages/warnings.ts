import { quote } from "../../base/quote.ts"
import type { Stage } from "../context.ts"

// As upstream: so that headers stay within what proxies let through. Beyond the first each text is cut to the second.
const maxCharacters = 4 * 1024
const maxCharactersEach = 256

/** Puts what handlers had to say into `Warning` headers, each text once. */
export const warnings: Stage = async (context, next) => {
  const response = await next()
  if (context.warnings.length === 0) return response
  const warning = limit([...new Set(context.warnings)]).map((text) =>
    asHeader(`299 - ${quote(text.replaceAll(/[\r\n\t]+/g, " "))}`),
  )
  return { ...response, headers: { ...response.headers, warning } }
}

/** Headers are written a byte for each character: the bytes of the text in UTF-8. */
function asHeader(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

/** All texts if they are short enough together, else the beginnings of as many as there is room for. */
export function limit(texts: readonly string[]): readonly string[] {
  const characters = texts.map((text) => Array.from(text))
  if (characters.reduce((sum, { length }) => sum + length, 0) <= maxCharacters) return texts
  const kept: string[] = []
  let written = 0
  for (const text of characters) {
    if (written >= maxCharacters) break
    const cut = text.slice(0, maxCharactersEach)
    written += cut.length
    kept.push(cut.join(""))
  }
  return kept
}
