import { quote } from "../base/quote.ts"

/** A count, or a percentage of one: `maxSurge: 25%`. Also a port by number or by name. */
export type IntOrString = number | string

/**
 * The count that is meant, where "30%" is that part of `total`, rounded as told. Throws Error with upstream's text for
 * strings that are no percentage.
 *
 * @example
 * scaleIntOrPercent("25%", 10, "up") // 3
 */
export function scaleIntOrPercent(value: IntOrString, total: number, rounding: "up" | "down"): number {
  if (typeof value === "number") return value
  const percent = parsePercent(value)
  const scaled = (percent * total) / 100
  return rounding === "up" ? Math.ceil(scaled) : Math.floor(scaled)
}

function parsePercent(text: string): number {
  const fail = (why: string): never => {
    throw new Error(`invalid value for IntOrString: ${why}`)
  }
  if (!text.endsWith("%")) return fail("invalid type: string is not a percentage")
  const digits = text.slice(0, -1)
  if (!/^[+-]?[0-9]+$/.test(digits)) {
    return fail(`invalid value ${quote(text)}: strconv.Atoi: parsing ${quote(digits)}: invalid syntax`)
  }
  return Number(digits)
}

export function isPercent(value: IntOrString): value is string {
  return typeof value === "string" && /^[0-9]+%$/.test(value)
}

/** The number of a port that is one; a string counts if it holds a number. */
export function intValue(value: IntOrString): number {
  if (typeof value === "number") return value
  return /^[+-]?[0-9]+$/.test(value) ? Number(value) : 0
}
