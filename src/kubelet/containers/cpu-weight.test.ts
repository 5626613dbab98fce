import { expect, test } from "vitest"
import { sharesToWeight, weightToShares } from "./cpu-weight.ts"

test("shares become weights as the container runtimes convert them", () => {
  expect([0, 2, 10, 102, 512, 1024, 2048, 10_240, 262_144, 300_000].map(sharesToWeight)).toEqual([
    1, 1, 4, 17, 59, 100, 174, 639, 10_000, 10_000,
  ])
})

test("and lead back to where they came from, within a weight's width", () => {
  for (const shares of [2, 102, 512, 1024, 2048, 10_240, 65_536, 262_144]) {
    const back = weightToShares(sharesToWeight(shares))
    expect(Math.abs(sharesToWeight(back) - sharesToWeight(shares))).toBeLessThanOrEqual(1)
    expect(back).toBeGreaterThan(shares * 0.9)
    expect(back).toBeLessThan(shares * 1.15 + 1)
  }
})
