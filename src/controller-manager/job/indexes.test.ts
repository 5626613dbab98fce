import { describe, expect, it } from "vitest"
import * as fc from "fast-check"
import {
  addIndexes,
  countIndexes,
  firstMissing,
  formatIndexes,
  hasIndex,
  noIndexes,
  parseIndexes,
} from "./indexes.ts"

describe("indexes", () => {
  it("are written as upstream writes them", () => {
    expect(formatIndexes(addIndexes(noIndexes, [7, 1, 4, 3, 5, 9, 10]))).toBe("1,3-5,7,9,10")
    expect(parseIndexes("1,3-5,7,9-20", 11)).toEqual([
      { first: 1, last: 1 },
      { first: 3, last: 5 },
      { first: 7, last: 7 },
      { first: 9, last: 10 },
    ])
    expect(parseIndexes("x,2,-,3-", 10)).toEqual([{ first: 2, last: 2 }])
  })

  it("behave as a set of numbers does", () => {
    const number = fc.integer({ min: 0, max: 40 })
    fc.assert(
      fc.property(
        fc.array(number),
        fc.array(number),
        fc.integer({ min: 0, max: 50 }),
        (first, second, count) => {
          const expected = new Set([...first, ...second])
          const indexes = addIndexes(addIndexes(noIndexes, first), second)
          expect(countIndexes(indexes)).toBe(expected.size)
          expect(parseIndexes(formatIndexes(indexes), 100)).toEqual(indexes)
          const missing = []
          for (let index = 0; index < 41 && missing.length < count; index++) {
            expect(hasIndex(indexes, index)).toBe(expected.has(index))
            if (!expected.has(index)) missing.push(index)
          }
          expect(firstMissing(indexes, count, 41)).toEqual(missing)
        },
      ),
    )
  })
})
