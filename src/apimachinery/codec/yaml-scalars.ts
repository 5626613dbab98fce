/**
 * What a plain YAML scalar means, by the rules of the Go library that Kubernetes reads YAML with: YAML 1.1's many words for
 * true and false, octal `0777`, underscores in numbers; but times stay text and there are no base-60 numbers.
 */
export type Resolved =
  | { readonly type: "string" }
  | { readonly type: "timestamp" }
  | { readonly type: "merge" }
  | { readonly type: "value"; readonly value: null | boolean | number | bigint }

const words = new Map<string, null | boolean | number>()
const define = (value: null | boolean | number, ...texts: string[]) => {
  for (const text of texts) words.set(text, value)
}
define(true, "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
define(false, "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
define(null, "", "~", "null", "Null", "NULL")
define(Number.NaN, ".nan", ".NaN", ".NAN")
define(Number.POSITIVE_INFINITY, ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")
define(Number.NEGATIVE_INFINITY, "-.inf", "-.Inf", "-.INF")

const text: Resolved = { type: "string" }
const firstCharacters = /^[-+0-9yYnNtTfFoO~.<]/
const floatPattern = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const timestampPattern =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?)?$/

export function resolveScalar(plain: string): Resolved {
  if (plain !== "" && !firstCharacters.test(plain)) return text
  const word = words.get(plain)
  if (word !== undefined) return { type: "value", value: word }
  if (plain === "<<") return { type: "merge" }
  const first = plain[0]!
  if (first === ".") return resolveFloat(plain)
  if (!/[-+0-9]/.test(first)) return text
  if (isTimestamp(plain)) return { type: "timestamp" }
  const digits = plain.replaceAll("_", "")
  const integer = parseInteger(digits)
  if (integer !== undefined) return { type: "value", value: integer }
  return resolveFloat(digits)
}

// What is too large for a double stays text: "1e999" may well be somebody's commit hash.
function resolveFloat(digits: string): Resolved {
  const value = Number(digits)
  return floatPattern.test(digits) && Number.isFinite(value) ? { type: "value", value } : text
}

const integerPattern = /^([-+]?)(?:(0[xX])([0-9a-fA-F]+)|(0[bB])([01]+)|(0[oO]?)([0-7]+)|(0|[1-9][0-9]*))$/

/** A signed or unsigned 64-bit integer as Go's ParseInt with base 0 reads it. */
function parseInteger(digits: string): number | bigint | undefined {
  const match = integerPattern.exec(digits)
  if (!match) return undefined
  const [, sign, hex, hexDigits, binary, binaryDigits, octal, octalDigits, decimal] = match
  const magnitude = BigInt(
    hex ? `0x${hexDigits}` : binary ? `0b${binaryDigits}` : octal ? `0o${octalDigits}` : decimal!,
  )
  const value = sign === "-" ? -magnitude : magnitude
  const fits = BigInt.asIntN(64, value) === value || (sign === "" && BigInt.asUintN(64, value) === value)
  if (!fits) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function isTimestamp(plain: string): boolean {
  const match = timestampPattern.exec(plain)
  if (!match) return false
  const [, year, month, day, ...clock] = match.map(Number)
  const [hour = 0, minute = 0, second = 0] = clock.filter((part) => !Number.isNaN(part))
  const date = new Date(Date.UTC(year! + 400, month! - 1, day))
  const isDate = month! >= 1 && month! <= 12 && day! >= 1 && date.getUTCDate() === day
  return isDate && hour < 24 && minute < 60 && second < 60
}
