import { expect, test } from "vitest"
import { quote } from "./quote.ts"

test.each([
  ["plain", '"plain"'],
  ['say "hi" \\', '"say \\"hi\\" \\\\"'],
  ["a\nb\tc\x00\x7f", '"a\\nb\\tc\\x00\\x7f"'],
  ["grüße 日本", '"grüße 日本"'],
  ["\u00a0\u200b", '"\\u00a0\\u200b"'],
  ["😀", '"😀"'],
  ["\u{e0001}", '"\\U000e0001"'],
])("%j is written as Go writes it", (text, quoted) => {
  expect(quote(text)).toBe(quoted)
})
