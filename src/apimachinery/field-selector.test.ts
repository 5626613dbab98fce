import { expect, test } from "vitest"
import {
  escapeValue,
  findExactValue,
  formatFieldSelector,
  matchesFields,
  parseFieldSelector,
} from "./field-selector.ts"

test.each([
  ["", []],
  ["a=b", [["a", "=", "b"]]],
  [
    "b!=c,a==b,,",
    [
      ["a", "=", "b"],
      ["b", "!=", "c"],
    ],
  ],
  ["a=", [["a", "=", ""]]],
  ["a=b\\,c\\=d\\\\", [["a", "=", "b,c=d\\"]]],
  ["=b", [["", "=", "b"]]],
])("%j", (text, expected) => {
  const parsed = parseFieldSelector(text).requirements
  expect(parsed.map(({ field, operator, value }) => [field, operator, value])).toEqual(expected)
})

test.each([
  ["a", "invalid selector: 'a'; can't understand 'a'"],
  ["a=b=c", "invalid field selector: unescaped character in value: 61"],
  ["a=b\\c", "invalid field selector: invalid escape sequence: \\c"],
  ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
])("%j: %s", (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message)
})

test("matching, pinning and writing", () => {
  const selector = parseFieldSelector("metadata.name=a,spec.nodeName!=")
  const fields: Record<string, string> = { "metadata.name": "a", "spec.nodeName": "n" }
  expect(matchesFields(selector, (field) => fields[field] ?? "")).toBe(true)
  fields["spec.nodeName"] = ""
  expect(matchesFields(selector, (field) => fields[field] ?? "")).toBe(false)
  expect(findExactValue(selector, "metadata.name")).toBe("a")
  expect(findExactValue(selector, "spec.nodeName")).toBeUndefined()
  const odd = "x,y=z\\"
  const text = `a=${escapeValue(odd)}`
  expect(parseFieldSelector(text).requirements[0]?.value).toBe(odd)
  expect(formatFieldSelector(parseFieldSelector(text))).toBe(text)
})
