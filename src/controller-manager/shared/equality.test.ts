import { describe, expect, it } from "vitest"
import { deepEqual, sameMap } from "./deep-equal.ts"
import { semanticallyEqual } from "./semantically-equal.ts"

describe("semanticallyEqual", () => {
  it.each([
    [{ replicas: 0 }, {}, true],
    [{ replicas: 0 }, undefined, true],
    [{ conditions: [] }, { conditions: undefined }, true],
    [{ nested: { list: [] } }, {}, true],
    [{ replicas: 1 }, {}, false],
    [{ a: [{ b: 0 }] }, { a: [{}] }, true],
    [{ a: [1] }, { a: [1, 2] }, false],
    [{ a: 1 }, [1], false],
  ])("%j, %j: %s", (a, b, expected) => {
    expect(semanticallyEqual(a, b)).toBe(expected)
    expect(semanticallyEqual(b, a)).toBe(expected)
  })
})

describe("deepEqual", () => {
  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{ a: "" }, {}, false],
    [{ a: 0 }, {}, false],
    [{ a: [] }, {}, false],
    [[1, 2], [2, 1], false],
    [null, {}, false],
  ])("%j, %j: %s", (a, b, expected) => {
    expect(deepEqual(a, b)).toBe(expected)
    expect(deepEqual(b, a)).toBe(expected)
  })

  it("takes an absent map for an empty one, but not an empty text for an absent one", () => {
    expect(sameMap(undefined, {})).toBe(true)
    expect(sameMap({ headless: "" }, {})).toBe(false)
  })
})
