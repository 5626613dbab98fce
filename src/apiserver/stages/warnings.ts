import { quote } from "../../base/quote.ts"
import type { Stage } from "../context.ts"

// As upstream: so that headers stay within what proxies let through.
const maxWarnings = 2 ** 8

/** Puts what handlers had to say into `Warning` headers, each text once. */
export const warnings: Stage = async (context, next) => {
  const response = await next()
  if (context.warnings.length === 0) return response
  const texts = [...new Set(context.warnings)].slice(0, maxWarnings)
  response.headers["warning"] = texts.map((text) => `299 - ${quote(text.replaceAll(/[\r\n\t]+/g, " "))}`)
  return response
}
