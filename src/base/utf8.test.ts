import * as fc from "fast-check"
import { expect, test } from "vitest"
import { encodeUtf8, utf8Length } from "./utf8.ts"

test("counts the bytes that encoding would give, also for broken surrogates", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "a") }),
      (a, b) => {
        expect(utf8Length(a + b)).toBe(encodeUtf8(a + b).length)
      },
    ),
  )
})
