import { expect, test } from "vitest"
import { hashJson } from "./hash.ts"
import { intValue, isPercent, scaleIntOrPercent } from "./int-or-string.ts"

test("percentages are rounded as told", () => {
  expect(scaleIntOrPercent("25%", 10, "up")).toBe(3)
  expect(scaleIntOrPercent("25%", 10, "down")).toBe(2)
  expect(scaleIntOrPercent(4, 10, "down")).toBe(4)
  expect(() => scaleIntOrPercent("4", 10, "up")).toThrow(
    "invalid value for IntOrString: invalid type: string is not a percentage",
  )
  expect(() => scaleIntOrPercent("x%", 10, "up")).toThrow(
    'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
  )
})

test("ports by number", () => {
  expect([intValue(80), intValue("80"), intValue("http")]).toEqual([80, 80, 0])
  expect([isPercent("5%"), isPercent("5"), isPercent(5)]).toEqual([true, false, false])
})

test("a hash depends on values, not on their order, and on the collision count", () => {
  const hash = hashJson({ a: 1, b: { c: [1, "x", null], d: undefined } })
  expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
  expect(hashJson({ b: { c: [1, "x", null] }, a: 1 })).toBe(hash)
  expect(hashJson({ a: 1, b: { c: ["x", 1, null] } })).not.toBe(hash)
  expect(hashJson({ a: 1, b: { c: [1, "x", null] } }, 1)).not.toBe(hash)
})
