/** Somebody among whom something is shared out. */
export interface Claim {
  /** Wanted; shares are in proportion to it. At least `lower`. */
  readonly target: number
  readonly lower: number
  readonly upper: number
}

export interface Allocation {
  readonly amounts: readonly number[]
  /** What everybody gets of their target whom neither bound holds back. */
  readonly fraction: number
}

/** Whoever wants nothing still takes part. */
const smallestTarget = 0.001
const tolerance = 1e-7

/**
 * Shares out `total`: to each the same fraction of its target, but not less than its lower bound nor more than its upper one.
 * There is one such fraction, since the sum grows with it: between two neighbours among the points where somebody meets a
 * bound the sum is a straight line, and the fraction lies on one of those.
 *
 * Undefined: the bounds do not allow it.
 */
export function allocate(total: number, claims: readonly Claim[]): Allocation | undefined {
  const wanted = claims.map((claim) => ({ ...claim, target: Math.max(claim.target, smallestTarget) }))
  const amountsAt = (fraction: number) =>
    wanted.map(({ target, lower, upper }) => Math.max(lower, Math.min(upper, fraction * target)))
  const sumAt = (fraction: number) => amountsAt(fraction).reduce((sum, amount) => sum + amount, 0)
  const bends = wanted
    .flatMap(({ target, lower, upper }) => [lower / target, upper / target])
    .sort((a, b) => a - b)
  const [first = 0, last = 0] = [bends[0], bends.at(-1)]
  if (sumAt(first) > total + tolerance || sumAt(last) < total - tolerance) return undefined

  let below = first
  let above = last
  for (const bend of bends) {
    if (sumAt(bend) <= total) below = bend
    else {
      above = bend
      break
    }
  }
  const [sumBelow, sumAbove] = [sumAt(below), sumAt(above)]
  const fraction =
    sumAbove - sumBelow < tolerance
      ? below
      : below + ((total - sumBelow) / (sumAbove - sumBelow)) * (above - below)
  return { amounts: amountsAt(fraction), fraction }
}
