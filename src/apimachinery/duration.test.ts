import * as fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalDuration, formatDuration, parseDuration } from "./duration.ts"
import { formatAge, humanDuration, shortHumanDuration } from "./human-duration.ts"

test.each([
  ["0", "0s"],
  ["90s", "1m30s"],
  ["1.5h", "1h30m0s"],
  ["-1m", "-1m0s"],
  ["+5s", "5s"],
  ["100ms", "100ms"],
  ["1500ms", "1.5s"],
  ["2us", "2µs"],
  ["1500ns", "1.5µs"],
  [".5s", "500ms"],
  ["1h2m3.004005006s", "1h2m3.004005006s"],
  ["2562047h47m16.854775807s", "2562047h47m16.854775807s"],
])("%s is %s", (text, canonical) => {
  expect(canonicalDuration(text)).toBe(canonical)
})

test.each([
  ["", 'time: invalid duration ""'],
  ["x", 'time: invalid duration "x"'],
  [".s", 'time: invalid duration ".s"'],
  ["5", 'time: missing unit in duration "5"'],
  ["5 s", 'time: unknown unit " s" in duration "5 s"'],
  ["5d", 'time: unknown unit "d" in duration "5d"'],
  ["9999999h", 'time: invalid duration "9999999h"'],
])("%j: %s", (text, message) => {
  expect(() => canonicalDuration(text)).toThrow(message)
})

test("written and read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }),
  )
})

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

test.each([
  [-2 * second, "<invalid>", "<invalid>"],
  [-1 * second, "0s", "0s"],
  [0, "0s", "0s"],
  [119 * second, "119s", "1m"],
  [120 * second, "2m", "2m"],
  [125 * second, "2m5s", "2m"],
  [10 * minute + 5 * second, "10m", "10m"],
  [179 * minute, "179m", "2h"],
  [3 * hour + 5 * minute, "3h5m", "3h"],
  [8 * hour, "8h", "8h"],
  [47 * hour, "47h", "1d"],
  [2 * day + hour, "2d1h", "2d"],
  [8 * day + hour, "8d", "8d"],
  [729 * day, "729d", "1y"],
  [730 * day, "2y", "2y"],
  [731 * day, "2y1d", "2y"],
  [8 * 365 * day + day, "8y", "8y"],
])("an age of %i ms is %s", (ms, text, short) => {
  expect(humanDuration(ms)).toBe(text)
  expect(shortHumanDuration(ms)).toBe(short)
})

test("an object without a time has no age", () => {
  expect(formatAge(undefined, 0)).toBe("<unknown>")
  expect(formatAge("1970-01-01T00:00:00Z", 5000)).toBe("5s")
})
