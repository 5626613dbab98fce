import { quote } from "../base/quote.ts"

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** "1m30s" in milliseconds, by the rules of Go's time.ParseDuration; undefined when it is none. */
export function parseGoDurationMs(text: string): number | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text)
  if (!match) return undefined
  let total = 0
  for (const [, amount, unit] of match[2]!.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * unitsMs[unit!]!
  }
  return match[1] === "-" ? -total : total
}

const maxInteger = 2n ** 63n

/** Why a text is no duration, in the words of Go's time.ParseDuration. */
export function durationProblem(text: string): string {
  const match = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))*(?:\d+\.?\d*|\.\d+)([^\d.]*)/.exec(text)
  const quoted = quote(text)
  if (!match) return `time: invalid duration ${quoted}`
  const [, unit] = match
  // Go's parser gives up on a number that it cannot hold before it looks for a unit.
  if (text.split(/\D+/).some((digits) => digits !== "" && BigInt(digits) > maxInteger))
    return `time: invalid duration ${quoted}`
  return unit
    ? `time: unknown unit ${quote(unit)} in duration ${quoted}`
    : `time: missing unit in duration ${quoted}`
}
