import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { encodeYaml } from "./yaml-emitter.ts"
import { parseYaml, parseYamlDocuments } from "./yaml.ts"

describe("parseYaml", () => {
  // As sigs.k8s.io/yaml converts them.
  test.each<[string, unknown]>([
    ["yes", true],
    ["Off", false],
    ["y", true],
    ["~", null],
    ["", null],
    ["0777", 511],
    ["0o17", 15],
    ["08", 8],
    ["0x1F", 31],
    ["-0b11", -3],
    ["1_000", 1000],
    ["1:30", "1:30"],
    ["1e3", 1000],
    ["1e", "1e"],
    [".5", 0.5],
    ["1e999", "1e999"],
    ["2020-01-01", "2020-01-01"],
    ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"],
    ["18446744073709551615", 18446744073709551615n],
    ["!!str 1", "1"],
    ["!!int '1'", 1],
    ["!foo 1", "1"],
    ["'1'", "1"],
    ["|\n x\n y", "x\ny"],
    ["|\n x\n y\n", "x\ny\n"],
    ["{y: 1, 2: b, true: c, 1.5: d}", { true: "c", 2: "b", "1.5": "d" }],
    ["a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3", { a: { b: 1, c: 2 }, d: { c: 3, b: 1 } }],
    ["<<: [{a: 1}, {a: 2, b: 3}]", { a: 1, b: 3 }],
    ["a: &x [1]\nb: *x", { a: [1], b: [1] }],
    ['{"json": [1, "two", null]}', { json: [1, "two", null] }],
  ])("%j", (text, value) => {
    expect(parseYaml(text)).toEqual(value)
  })

  test.each([
    ["a: b: c", "yaml: line 1: "],
    ["a: [1\nb: 2", "yaml: line "],
    ["a: *x", "yaml: "],
    ["a: .nan", "json: unsupported value: NaN"],
    ["{[a]: 1}", "yaml: unsupported map key"],
    ["!!int x", "yaml: cannot decode !!str `x` as a !!int"],
    ["<<: 1", "yaml: map merge requires map or sequence of maps as the value"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => parseYaml(text)).toThrow(message)
  })

  test("keys that appear twice are named, and the last counts", () => {
    const errors: string[] = []
    expect(parseYaml("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", errors)).toEqual({ a: 3, b: { c: 2 } })
    expect(errors).toEqual([
      'yaml: unmarshal errors:\n  line 4: key "c" already set in map\n  line 5: key "a" already set in map',
    ])
  })

  test("documents", () => {
    expect(parseYamlDocuments("# first\na: 1\n---\n---\n# none\n---\nb: 2\n...\n")).toEqual([
      { a: 1 },
      { b: 2 },
    ])
    expect(parseYaml("a: 1\n---\nb: 2")).toEqual({ a: 1 })
    expect(parseYamlDocuments("")).toEqual([])
  })

  test("a billion laughs are not heard out", () => {
    const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    for (let level = 1; level < 10; level++) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(",")}]`)
    }
    expect(() => parseYaml(lines.join("\n"))).toThrow("document contains excessive aliasing")
    expect(() => parseYaml("[".repeat(100_000))).toThrow("yaml: ")
    expect(parseYaml("__proto__: {a: 1}")).toEqual(JSON.parse('{"__proto__":{"a":1}}'))
  })
})

describe("encodeYaml", () => {
  test("prints as kubectl does", () => {
    const value = {
      kind: "Pod",
      apiVersion: "v1",
      metadata: {
        name: "web",
        labels: { "a/b": "true", n: "1.5" },
        annotations: {},
        when: "2026-01-02T03:04:05Z",
      },
      spec: {
        containers: [
          { name: "c", args: ["-c", "echo 'a'\nexit 0\n", "", " x", "a: b", "#", "*"] },
          { ports: [{ p: 80 }] },
        ],
        empty: [],
        nothing: null,
        k10: 1,
        k2: 0.000001,
        matrix: [[1, 2], [[]]],
      },
    }
    expect(encodeYaml(value)).toBe(`apiVersion: v1
kind: Pod
metadata:
  annotations: {}
  labels:
    a/b: "true"
    "n": "1.5"
  name: web
  when: "2026-01-02T03:04:05Z"
spec:
  containers:
  - args:
    - -c
    - |
      echo 'a'
      exit 0
    - ""
    - ' x'
    - 'a: b'
    - '#'
    - '*'
    name: c
  - ports:
    - p: 80
  empty: []
  k2: 1e-06
  k10: 1
  matrix:
  - - 1
    - 2
  - - []
  nothing: null
`)
  })

  test("folds long text", () => {
    const message = `${"word ".repeat(20)}end: of it`
    expect(encodeYaml({ message, plain: "word ".repeat(17).trim() })).toBe(
      `message: 'word word word word word word word word word word word word word word word\n  word word word word word end: of it'\nplain: word word word word word word word word word word word word word word word\n  word word\n`,
    )
  })

  test("what is written reads back", () => {
    const key = fc.string({
      unit: fc.constantFrom("a", "1", " ", ":", "#", "-", "'", '"', "\n", "é", "😀", "\t"),
    })
    const text = fc.oneof(
      key,
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("true", "0x1", "1e3", "null", "~", "2020-01-01"),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        text,
        fc
          .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
          .map((number) => number + 0),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }))
    fc.assert(
      fc.property(value, (each) => {
        expect(parseYaml(encodeYaml({ each }))).toEqual(JSON.parse(JSON.stringify({ each })))
      }),
      { numRuns: 500 },
    )
  })
})
