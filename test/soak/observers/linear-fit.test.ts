import { describe, expect, it } from "vitest"
import { fitLine } from "./linear-fit.ts"

describe("a line through points", () => {
  it("is found exactly where there is one", () => {
    const fit = fitLine([
      [0, 10],
      [1, 12],
      [2, 14],
      [5, 20],
    ])!
    expect(fit.slope).toBeCloseTo(2)
    expect(fit.intercept).toBeCloseTo(10)
    expect(fit.slopeError).toBeCloseTo(0)
  })

  it("knows how little it knows", () => {
    const fit = fitLine([
      [0, 10],
      [1, 14],
      [2, 9],
      [3, 13],
    ])!
    expect(Math.abs(fit.slope)).toBeLessThan(fit.slopeError)
  })

  it("is not drawn through too few", () => {
    expect(
      fitLine([
        [0, 1],
        [1, 2],
      ]),
    ).toBeUndefined()
    expect(
      fitLine([
        [1, 1],
        [1, 2],
        [1, 3],
      ]),
    ).toBeUndefined()
  })
})
