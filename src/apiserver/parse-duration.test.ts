import { expect, test } from "vitest"
import { durationProblem, parseGoDurationMs } from "./parse-duration.ts"

test.each([
  ["1m30s", 90_000],
  ["-1.5h", -5_400_000],
  ["250ms", 250],
  ["0", 0],
  ["1", undefined],
  ["s", undefined],
  ["1d", undefined],
])("%s is %j ms", (text, ms) => expect(parseGoDurationMs(text)).toBe(ms))

test.each([
  ["x", 'time: invalid duration "x"'],
  ["1", 'time: missing unit in duration "1"'],
  ["99999999999999999999", 'time: invalid duration "99999999999999999999"'],
  ["5s1", 'time: missing unit in duration "5s1"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
])("why %s is none", (text, problem) => expect(durationProblem(text)).toBe(problem))
