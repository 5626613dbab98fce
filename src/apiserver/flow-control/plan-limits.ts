import { allocate } from "./allocate.ts"

/** A priority level, as far as sharing out seats goes. */
export interface LevelDemand {
  /** Its requests are never held up; what they take is taken from the others. */
  readonly isExempt: boolean
  /** Its share of the server's seats. */
  readonly nominal: number
  /** Never less than this is left to it. */
  readonly lower: number
  readonly upper: number
  /** The most seats that it could have used at once in the last period. */
  readonly highWatermark: number
  /** How many it uses usually. */
  readonly smoothed: number
  /** Its limit up to now. */
  readonly current: number
}

export interface LimitPlan {
  /** In the order of the levels. */
  readonly limits: readonly number[]
  /** What each level was meant to get. */
  readonly targets: readonly number[]
  /** The part of its target that a level gets which neither bound holds back; 0: they did not get so far. */
  readonly fairFraction: number
}

/**
 * How many requests' worth each level may run, until this is planned again
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/1040-priority-and-fairness#dispatching).
 * What levels do not need goes to those that need more: each gets back what it has lent as soon as it asks for it, up to its
 * nominal share, within one period.
 */
export function planLimits(levels: readonly LevelDemand[]): LimitPlan {
  const total = levels.reduce((sum, { nominal }) => sum + nominal, 0)
  const floors = levels.map(floorOf)
  const targets = levels.map(({ smoothed }, index) => Math.max(floors[index]!, smoothed))
  const others = levels.flatMap(({ isExempt }, index) => (isExempt ? [] : [index]))
  const left = levels.reduce((sum, { isExempt }, index) => (isExempt ? sum - floors[index]! : sum), total)
  const sum = (figure: (index: number) => number) => others.reduce((all, index) => all + figure(index), 0)
  const lowerSum = sum((index) => levels[index]!.lower)
  const floorSum = sum((index) => floors[index]!)
  const limitsOf = (limit: (level: LevelDemand, index: number) => number) =>
    levels.map((level, index) => (level.isExempt ? floors[index]! : limit(level, index)))

  if (left <= lowerSum) return { limits: limitsOf(({ lower }) => lower), targets, fairFraction: 0 }
  if (left <= floorSum) {
    const share = (left - lowerSum) / (floorSum - lowerSum)
    const limits = limitsOf(({ lower }, index) => lower + Math.round((floors[index]! - lower) * share))
    return { limits, targets, fairFraction: 0 }
  }
  const allocation = allocate(
    total,
    others.map((index) => ({ target: targets[index]!, lower: floors[index]!, upper: levels[index]!.upper })),
  )
  if (!allocation) return { limits: limitsOf(({ current }) => current), targets, fairFraction: 0 }
  const limits = limitsOf((_, index) => Math.round(allocation.amounts[others.indexOf(index)]!))
  return { limits, targets, fairFraction: allocation.fraction }
}

/** What a level must have now. */
function floorOf({ isExempt, lower, nominal, highWatermark }: LevelDemand): number {
  return Math.max(lower, isExempt ? highWatermark : Math.min(nominal, highWatermark))
}
