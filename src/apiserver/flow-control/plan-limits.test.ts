import { describe, expect, test } from "vitest"
import { SeededRandom } from "../../base/simulated/random.ts"
import { allocate } from "./allocate.ts"
import { type LevelDemand, planLimits } from "./plan-limits.ts"

const level = (nominal: number, more: Partial<LevelDemand> = {}): LevelDemand => ({
  isExempt: false,
  nominal,
  lower: nominal,
  upper: nominal * 10,
  highWatermark: 0,
  smoothed: 0,
  current: nominal,
  ...more,
})

describe("limits", () => {
  test("a level that is busy borrows what others lend, in proportion to what all of them use", () => {
    const { limits } = planLimits([
      level(100, { lower: 20, highWatermark: 300, smoothed: 280 }),
      level(100, { lower: 50, highWatermark: 10, smoothed: 8 }),
      level(100, { lower: 100 }),
    ])
    expect(limits.reduce((sum, each) => sum + each, 0)).toBe(300)
    expect(limits[0]).toBeGreaterThan(100)
    expect(limits[1]).toBeGreaterThanOrEqual(50)
    expect(limits[2]).toBeGreaterThanOrEqual(100)
  })

  test("who comes back gets its nominal share at once", () => {
    const { limits } = planLimits([
      level(100, { lower: 0, highWatermark: 250, smoothed: 250 }),
      level(100, { lower: 0, highWatermark: 150, smoothed: 5 }),
    ])
    expect(limits).toEqual([100, 100])
  })

  test("nobody borrows more than it may", () => {
    const busy = { highWatermark: 500, smoothed: 500 }
    const { limits } = planLimits([level(100, { ...busy, upper: 110 }), level(100, { lower: 0 })])
    expect(limits).toEqual([110, 90])
  })

  test("what exempt requests take is taken from the others, down to what those never lend", () => {
    const exempt = level(0, { isExempt: true, highWatermark: 120 })
    const busy = { lower: 50, highWatermark: 100, smoothed: 100 }
    expect(planLimits([exempt, level(100, busy), level(100, busy)]).limits).toEqual([120, 50, 50])
    const less = { ...exempt, highWatermark: 60 }
    expect(planLimits([less, level(100, busy), level(100, busy)]).limits).toEqual([60, 70, 70])
  })
})

test.each(Array.from({ length: 200 }, (_, seed) => seed))("shares are fair, seed %i", (seed) => {
  const random = new SeededRandom(String(seed))
  const below = (limit: number) => random.next() * limit
  const claims = Array.from({ length: 1 + Math.floor(below(8)) }, () => {
    const lower = random.next() < 0.3 ? 0 : below(50)
    return { lower, target: lower + below(100), upper: lower + below(200) }
  })
  const [least, most] = (["lower", "upper"] as const).map((bound) =>
    claims.reduce((sum, claim) => sum + claim[bound], 0),
  ) as [number, number]
  const total = least + below(most - least)
  const { amounts, fraction } = allocate(total, claims)!
  expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBeCloseTo(total, 4)
  for (const [index, { lower, upper, target }] of claims.entries()) {
    const amount = amounts[index]!
    const fair = fraction * Math.max(target, 0.001)
    expect(amount).toBeGreaterThanOrEqual(lower - 1e-9)
    expect(amount).toBeLessThanOrEqual(upper + 1e-9)
    if (Math.abs(amount - fair) > 1e-6)
      expect([lower, upper].some((bound) => Math.abs(amount - bound) < 1e-6)).toBe(true)
  }
  expect(allocate(least - 1, claims)).toBeUndefined()
  expect(allocate(most + 1, claims)).toBeUndefined()
})
