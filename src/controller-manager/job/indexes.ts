/** Sets of completion indexes as a Job's status writes them: "1,3-5,7" ("1,2" rather than "1-2"). */
export type Indexes = readonly Interval[]

interface Interval {
  readonly first: number
  readonly last: number
}

export const noIndexes: Indexes = []

/** Indexes at or above `completions` are left out, as is what cannot be read. */
export function parseIndexes(text: string | undefined, completions: number): Indexes {
  const intervals: Interval[] = []
  for (const part of (text ?? "").split(",")) {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part)
    if (!match) continue
    const first = Number(match[1])
    const last = Math.min(Number(match[2] ?? first), completions - 1)
    if (first <= last) intervals.push({ first, last })
  }
  return normalize(intervals)
}

export function formatIndexes(indexes: Indexes): string {
  return indexes
    .map(({ first, last }) => {
      if (first === last) return String(first)
      return `${first}${last === first + 1 ? "," : "-"}${last}`
    })
    .join(",")
}

export function addIndexes(indexes: Indexes, more: Iterable<number>): Indexes {
  return mergeIndexes(
    indexes,
    Array.from(more, (index) => ({ first: index, last: index })),
  )
}

export function mergeIndexes(a: Indexes, b: Indexes): Indexes {
  return normalize([...a, ...b])
}

export function hasIndex(indexes: Indexes, index: number): boolean {
  return indexes.some(({ first, last }) => first <= index && index <= last)
}

export function countIndexes(indexes: Indexes): number {
  return indexes.reduce((total, { first, last }) => total + last - first + 1, 0)
}

/** The lowest `count` indexes below `completions` that are not in the set; its cost does not grow with `completions`. */
export function firstMissing(indexes: Indexes, count: number, completions: number): number[] {
  const missing: number[] = []
  let candidate = 0
  for (const { first, last } of [...indexes, { first: completions, last: completions }]) {
    for (; candidate < Math.min(first, completions) && missing.length < count; candidate++)
      missing.push(candidate)
    candidate = Math.max(candidate, last + 1)
  }
  return missing
}

function normalize(intervals: readonly Interval[]): Indexes {
  const merged: { first: number; last: number }[] = []
  for (const { first, last } of [...intervals].sort((a, b) => a.first - b.first)) {
    const previous = merged.at(-1)
    if (previous && first <= previous.last + 1) previous.last = Math.max(previous.last, last)
    else merged.push({ first, last })
  }
  return merged
}
