import * as fc from "fast-check"
import { expect, test } from "vitest"
import { decodeBase64, encodeBase64 } from "./base64.ts"

test("encodes as Node does, and decodes what it encoded", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = encodeBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString("base64"))
      expect(decodeBase64(text)).toEqual(bytes)
      expect(decodeBase64(text.replace(/(.{3})/g, "$1\r\n"))).toEqual(bytes)
    }),
  )
})

test.each([
  ["a", 0],
  ["ab", 0],
  ["ab=", 3],
  ["ab==c", 4],
  ["ab=c", 2],
  ["ab=\n=\nc", 6],
  ["a===", 1],
  ["a b=", 1],
  ["ü===", 0],
])("%j is refused at %i", (text, position) => {
  expect(() => decodeBase64(text)).toThrow(`illegal base64 data at input byte ${position}`)
})
