import { expect, test } from "vitest"
import { canonicalTime, formatMicroTime, formatTime, parseTime } from "./time.ts"

test.each([
  ["time", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"],
  ["time", "2026-01-02T03:04:05.999Z", "2026-01-02T03:04:05Z"],
  ["time", "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"],
  ["time", "2026-01-02T3:04:05Z", "2026-01-02T03:04:05Z"],
  ["time", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"],
  ["time", "0001-01-01T00:00:00Z", null],
  ["time", "0033-01-01T00:00:00Z", "0033-01-01T00:00:00Z"],
  ["microTime", "2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z"],
  ["microTime", "2026-01-02T03:04:05.123456-01:30", "2026-01-02T04:34:05.123456Z"],
] as const)("%s %s is %s", (form, text, canonical) => {
  expect(canonicalTime(text, form)).toBe(canonical)
})

test.each([
  ["time", "x", 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  ["time", "2026-01-02", 'parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  ["time", "2026-13-02T00:00:00Z", 'parsing time "2026-13-02T00:00:00Z": month out of range'],
  ["time", "2026-02-29T00:00:00Z", 'parsing time "2026-02-29T00:00:00Z": day out of range'],
  ["time", "2026-02-28T24:00:00Z", 'parsing time "2026-02-28T24:00:00Z": hour out of range'],
  ["time", "2026-02-28T00:00:00Zx", 'parsing time "2026-02-28T00:00:00Zx": extra text: "x"'],
  [
    "microTime",
    "2026-01-02T03:04:05Z",
    'parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
] as const)("%s %s is refused", (form, text, message) => {
  expect(() => canonicalTime(text, form)).toThrow(message)
})

test("from and to milliseconds", () => {
  const ms = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  expect(formatTime(ms)).toBe("2026-01-02T03:04:05Z")
  expect(formatMicroTime(ms)).toBe("2026-01-02T03:04:05.678000Z")
  expect(formatMicroTime(-1)).toBe("1969-12-31T23:59:59.999000Z")
  expect(parseTime(formatMicroTime(ms))).toBe(ms)
  expect(parseTime(formatTime(ms))).toBe(ms - 678)
})
