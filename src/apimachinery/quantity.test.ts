import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityFromNumber,
  quantityMilliValue,
  quantityOf,
  quantityValue,
  subtractQuantities,
} from "./quantity.ts"

describe("parseQuantity", () => {
  // Text, canonical text, value, thousandths: as upstream's Go library answers.
  test.each([
    ["0", "0", 0, 0],
    ["000", "0", 0, 0],
    ["-0", "0", 0, 0],
    ["1", "1", 1, 1000],
    ["100m", "100m", 1, 100],
    ["0.1", "100m", 1, 100],
    ["1.5", "1500m", 2, 1500],
    ["1500m", "1500m", 2, 1500],
    ["1000m", "1", 1, 1000],
    ["1.5Gi", "1536Mi", 1610612736, 1610612736000],
    ["1024Ki", "1Mi", 1048576, 1048576000],
    ["1025Ki", "1025Ki", 1049600, 1049600000],
    ["1000Ki", "1000Ki", 1024000, 1024000000],
    ["0.5Ki", "512", 512, 512000],
    ["0.1Ki", "102400m", 103, 102400],
    ["1000", "1k", 1000, 1000000],
    ["1e3", "1e3", 1000, 1000000],
    ["12E6", "12E6", 12000000, 12000000000],
    ["10e2", "1e3", 1000, 1000000],
    ["1.500", "1.500", 2, 1500],
    ["+5", "+5", 5, 5000],
    ["0.0000000001", "1n", 1, 1],
    ["m", "0", 0, 0],
    ["9Ei", "9223372036854775807", 2 ** 63, 2 ** 63 * 1000],
    ["-5", "-5", -5, -5000],
    ["1.", "1.", 1, 1000],
    [".5", "500m", 1, 500],
  ])("%s is %s", (text, canonical, value, milliValue) => {
    const quantity = parseQuantity(text)
    expect(quantity.text).toBe(canonical)
    expect(quantityValue(quantity)).toBe(value)
    expect(quantityMilliValue(text)).toBe(milliValue)
  })

  test.each([
    ["", "quantities must match the regular expression"],
    ["abc", "quantities must match the regular expression"],
    ["1..2", "quantities must match the regular expression"],
    ["1 Gi", "quantities must match the regular expression"],
    ["1K", "unable to parse quantity's suffix"],
    ["1mm", "unable to parse quantity's suffix"],
    ["1e", "unable to parse quantity's suffix"],
    ["1e999999999", "unable to parse quantity's suffix"],
  ])("%j: %s", (text, message) => {
    expect(() => parseQuantity(text)).toThrow(message)
  })

  test("JSON numbers", () => {
    expect(parseQuantity(0.5).text).toBe("500m")
    expect(parseQuantity(2).text).toBe("2")
    expect(parseQuantity(1e21).text).toBe("1e21")
  })
})

const format = fc.constantFrom("DecimalSI", "BinarySI", "DecimalExponent")
const quantity = fc
  .tuple(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), format)
  .map(([n, f]) => quantityOf(n, f))

test("the canonical text reads back as the same amount, and stays", () => {
  fc.assert(
    fc.property(quantity, (each) => {
      const again = parseQuantity(each.text)
      expect(again.nanos).toBe(each.nanos)
      expect(quantityOf(again.nanos, again.format).text).toBe(each.text)
    }),
  )
})

test("adding and subtracting lose nothing", () => {
  fc.assert(
    fc.property(quantity, quantity, (a, b) => {
      const sum = addQuantities(a, b)
      expect(subtractQuantities(sum, b).nanos).toBe(a.nanos)
      expect(Math.sign(compareQuantities(sum, b))).toBe(Math.sign(Number(a.nanos)))
    }),
  )
  expect(addQuantities(parseQuantity("1.5Gi"), parseQuantity("512Mi")).text).toBe("2Gi")
  expect(addQuantities(parseQuantity("0"), parseQuantity("1Ki")).text).toBe("1Ki")
  expect(quantityFromNumber(2048, "BinarySI").text).toBe("2Ki")
  expect(quantityFromNumber(250, "DecimalSI", "milli").text).toBe("250m")
})
