import { type Candidate, startTime } from "./find-victims.ts"

/**
 * The candidate whose victims matter least: fewest broken budgets, then the least important of the most important
 * victims, then the smallest sum of priorities, then fewest victims, then the most important ones started last.
 */
export function pickLeastHarm(candidates: readonly Candidate[]): Candidate | undefined {
  let best: { candidate: Candidate; measures: readonly number[] } | undefined
  for (const candidate of candidates) {
    const own = measuresOf(candidate)
    if (!best || isLess(own, best.measures)) best = { candidate, measures: own }
  }
  return best?.candidate
}

const known = new WeakMap<Candidate, readonly number[]>()

/** Compared by the first that differs; smaller is better. A candidate may be looked at for one pod after the other. */
function measuresOf(candidate: Candidate): readonly number[] {
  let measures = known.get(candidate)
  if (!measures) known.set(candidate, (measures = measure(candidate)))
  return measures
}

function measure({ victims, violations }: Candidate): number[] {
  const highest = victims[0]?.priority ?? Number.NEGATIVE_INFINITY
  let earliestOfHighest = Number.POSITIVE_INFINITY
  let sum = 0
  for (const victim of victims) {
    // Priorities may be negative; the shift makes more victims weigh more.
    sum += victim.priority + 2 ** 31
    if (victim.priority === highest) earliestOfHighest = Math.min(earliestOfHighest, startTime(victim))
  }
  return [violations, highest, sum, victims.length, -earliestOfHighest]
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, position) => value !== b[position])
  return index >= 0 && a[index]! < b[index]!
}
