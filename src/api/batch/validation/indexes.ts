import { quote } from "../../../base/quote.ts"

// Sets of completion indexes: "1,3-5,7", ascending, below the number of completions.

interface Interval {
  readonly first: number
  readonly last: number
}

/** How many there are. Throws Error in upstream's words. */
export function countIndexes(text: string, completions: number): number {
  let total = 0
  let previous = -Infinity
  for (const part of text === "" ? [] : text.split(",")) {
    const { first, last } = parseInterval(part, completions)
    if (previous >= first) throw new Error(notAscending(previous, first))
    total += last - first + 1
    previous = last
  }
  return total
}

function parseInterval(text: string, completions: number): Interval {
  const parts = text.split("-")
  if (parts.length > 2) {
    const rule = "the requirement that an index interval can have at most two parts separated by '-'"
    throw new Error(`the fragment ${quote(text)} violates ${rule}`)
  }
  const first = parseIndex(parts[0]!, completions)
  if (parts.length === 1) return { first, last: first }
  const last = parseIndex(parts[1]!, completions)
  if (first >= last) throw new Error(notAscending(first, last))
  return { first, last }
}

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?[0-9]+$/.test(text))
    throw new Error(`cannot convert string to integer for index: ${quote(text)}`)
  if (Number(text) >= completions) throw new Error(`too large index: ${quote(text)}`)
  return Number(text)
}

function notAscending(previous: number, current: number): string {
  return `non-increasing order, previous: ${previous}, current: ${current}`
}

/** The first index in both sets. Parts that cannot be read are left out: others say what is wrong with them. */
export function commonIndex(a: string, b: string, completions: number): number | undefined {
  const others = intervals(b, completions)
  for (const interval of intervals(a, completions)) {
    const other = others.find(({ first, last }) => interval.first <= last && first <= interval.last)
    if (other) return Math.max(interval.first, other.first)
  }
  return undefined
}

function intervals(text: string, completions: number): Interval[] {
  return text.split(",").flatMap((part) => {
    try {
      return [parseInterval(part, completions)]
    } catch {
      return []
    }
  })
}
