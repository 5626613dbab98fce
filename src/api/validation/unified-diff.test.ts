import { expect, it } from "vitest"
import { formatDiff } from "./unified-diff.ts"

it("shows what changed with three lines around it", () => {
  const old = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10, k: 11, l: 12, m: 13 }
  expect(formatDiff(old, { ...old, b: 20, m: [1] })).toBe(
    [
      "@@ -1,6 +1,6 @@",
      " {",
      '  "a": 1,',
      '- "b": 2,',
      '+ "b": 20,',
      '  "c": 3,',
      '  "d": 4,',
      '  "e": 5,',
      "@@ -11,5 +11,7 @@",
      '  "j": 10,',
      '  "k": 11,',
      '  "l": 12,',
      '- "m": 13',
      '+ "m": [',
      "+  1",
      "+ ]",
      " }",
      "",
    ].join("\n"),
  )
})

it("says nothing of equal values and all of what is new", () => {
  expect(formatDiff({ a: 1 }, { a: 1 })).toBe("")
  expect(formatDiff(undefined, "x")).toBe('@@ -1 +1 @@\n-null\n+"x"\n')
})
