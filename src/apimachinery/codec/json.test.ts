import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseJsonSlowly } from "./json-parser.ts"
import {
  encodeJson,
  encodeJsonBytes,
  encodePrettyJson,
  maxJsonDepth,
  inOrderOfText,
  parseJson,
} from "./json.ts"

describe("parseJson", () => {
  test("agrees with JSON.parse", () => {
    const withoutBigIntegers = fc.json().filter((text) => !/[0-9]{16}/.test(text))
    fc.assert(
      fc.property(withoutBigIntegers, (text) => {
        expect(parseJson(text, [])).toEqual(JSON.parse(text))
        expect(parseJsonSlowly(text, 100)).toEqual(JSON.parse(text))
      }),
    )
  })

  test("never takes what JSON.parse refuses, nor the reverse", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "1",
      "-",
      ".",
      "e",
      "0",
      "true",
      "nul",
      " ",
      "\\",
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("")
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(() => parseJson(text, [])).toThrow(/^(invalid character|unexpected end of JSON input)/)
          return
        }
        expect(parseJson(text, [])).toEqual(expected)
        expect(parseJsonSlowly(text, 100)).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })

  test("names members that appear twice, and takes the last", () => {
    const errors: string[] = []
    const text = '{"a":1,"b":[{"c":1,"x\\"}":":","c":{"d":1,"d":2}}],"a":3,"a":4}'
    expect(parseJson(text, errors)).toEqual({ a: 4, b: [{ c: { d: 2 }, 'x"}': ":" }] })
    expect(errors).toEqual(['duplicate field "b[0].c"', 'duplicate field "b[0].c.d"', 'duplicate field "a"'])
    expect(parseJson(text)).toEqual({ a: 4, b: [{ c: { d: 2 }, 'x"}': ":" }] })
    const none: string[] = []
    parseJson('{"a\\\\":1,"a":{"a\\"":":"},"b":[{},{"a":1}]}', none)
    expect(none).toEqual([])
  })

  test("integers keep their digits", () => {
    expect(parseJson('{"a":9223372036854775807,"b":9007199254740991,"c":-9007199254740993}')).toEqual({
      a: 9223372036854775807n,
      b: 9007199254740991,
      c: -9007199254740993n,
    })
    expect(parseJson("[99999999999999999999, 1e30, 1234567890123456.5]")).toEqual([
      1e20, 1e30, 1234567890123456.5,
    ])
    expect(parseJson('{"__proto__":1234567890123456789}')).not.toEqual({})
  })

  test.each([
    ["", "unexpected end of JSON input"],
    ["{", "unexpected end of JSON input"],
    ['{"a', "unexpected end of JSON input"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ["{a", "invalid character 'a' looking for beginning of object key string"],
    ['{"a"}', "invalid character '}' after object key"],
    ['{"a":1 "b"', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["truX", "invalid character 'X' in literal true (expecting 'e')"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1ex", "invalid character 'x' in exponent of numeric literal"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["01", "invalid character '1' after top-level value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ["ü", "invalid character 'ü' looking for beginning of value"],
  ])("%j: %s", (text, message) => {
    expect(() => parseJson(text)).toThrow(new Error(message))
  })

  test("nesting has a limit", () => {
    const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}${"]}".repeat(depth / 2)}`
    expect(() => parseJson(nested(maxJsonDepth))).not.toThrow()
    expect(() => parseJson(nested(maxJsonDepth + 2))).toThrow("exceeded max depth")
    expect(() => parseJson("[".repeat(1_000_000))).toThrow("exceeded max depth")
  })
})

test("mistakes of two kinds come in the order of the text", () => {
  const text = new TextEncoder().encode('{"u":1,"spec":{"a":1,"a":2,"u":[{"v":1}]},"u":2}')
  const found = [
    'duplicate field "spec.a"',
    'duplicate field "u"',
    'unknown field "spec.u[0].v"',
    'unknown field "u"',
  ]
  expect(inOrderOfText(text, found)).toEqual([found[3], found[0], found[2], found[1]])
})

test("encoding", () => {
  const value = { b: 2n ** 62n, a: [1, undefined, null, { c: "x", d: undefined }], s: '"{},:' }
  expect(encodeJson(value)).toBe('{"b":4611686018427387904,"a":[1,null,null,{"c":"x"}],"s":"\\"{},:"}')
  expect(encodePrettyJson({ a: 1, b: [], c: [{}] })).toBe(JSON.stringify({ a: 1, b: [], c: [{}] }, null, 2))
  expect(parseJson(encodePrettyJson(value))).toEqual(parseJson(encodeJson(value)))
  expect(encodePrettyJson({ b: 2n ** 62n, a: [1, {}] })).toBe(
    '{\n  "b": 4611686018427387904,\n  "a": [\n    1,\n    {}\n  ]\n}',
  )
  expect(parseJson(encodeJsonBytes({ a: "ü" }))).toEqual({ a: "ü" })
})
