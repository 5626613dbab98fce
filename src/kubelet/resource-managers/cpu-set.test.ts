import { expect, it } from "vitest"
import { formatCpuSet, parseCpuSet } from "./cpu-set.ts"

it.each(["", "0", "0-3", "0-2,5,7-9"])("%s is read and written", (text) =>
  expect(formatCpuSet(parseCpuSet(text))).toBe(text),
)

it.each([
  ["a", 'strconv.Atoi: parsing "a": invalid syntax'],
  ["1,,2", 'strconv.Atoi: parsing "": invalid syntax'],
  ["3-1", 'invalid range "3-1" (3 > 1)'],
])("%s is none", (text, problem) => expect(() => parseCpuSet(text)).toThrow(problem))
