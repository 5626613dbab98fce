import { describe, expect, test } from "vitest"
import { formatFieldError } from "../field-error.ts"
import type { JsonSchema } from "./json-schema.ts"
import { type ValidateOptions, validateJsonValue } from "./validate-value.ts"

function errorsOf(schema: JsonSchema, value: unknown, options?: ValidateOptions): string[] {
  return validateJsonValue(schema, value, options).map(formatFieldError)
}

const ofSpec = (spec: JsonSchema): JsonSchema => ({ type: "object", properties: { spec } })

function specErrors(schema: JsonSchema, value: unknown): string[] {
  return errorsOf(ofSpec(schema), { spec: value })
}

describe("one value", () => {
  const cases: [JsonSchema, unknown, string[]][] = [
    [{ type: "string" }, "a", []],
    [
      { type: "string" },
      5,
      ['spec: Invalid value: "integer": spec in body must be of type string: "integer"'],
    ],
    [{ type: "object" }, null, ['spec: Invalid value: "null": spec in body must be of type object: "null"']],
    [{ type: "object", nullable: true }, null, []],
    [{ type: "integer" }, 3, []],
    [
      { type: "integer" },
      1.5,
      [
        'spec: Invalid value: "number": spec in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec',
      ],
    ],
    [
      { type: "integer", format: "int32" },
      3_000_000_000,
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec'],
    ],
    [{ type: "integer", format: "int64" }, 9007199254740993n, []],
    [{ type: "number" }, 3, []],
    [
      { "x-kubernetes-int-or-string": true },
      true,
      ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"'],
    ],
    [{ type: "string", enum: ["A", "B"] }, "C", ['spec: Unsupported value: "C": supported values: "A", "B"']],
    [{ type: "object", enum: [{ a: 1, b: 2 }] }, { b: 2, a: 1 }, []],
    [{ type: "string", maxLength: 2 }, "é€", []],
    [{ type: "string", maxLength: 2 }, "abc", ["spec: Too long: may not be more than 2 bytes"]],
    [
      { type: "string", minLength: 2 },
      "a",
      ['spec: Invalid value: "a": spec in body should be at least 2 chars long'],
    ],
    [
      { type: "string", pattern: "^a+$" },
      "b",
      ["spec: Invalid value: \"b\": spec in body should match '^a+$'"],
    ],
    [
      { type: "string", format: "date-time" },
      "today",
      ['spec: Invalid value: "today": spec in body must be of type date-time: "today"'],
    ],
    [{ type: "string", format: "color" }, "anything", []],
    [
      { type: "integer", minimum: 1, maximum: 0 },
      0.5 + 0.5,
      ["spec: Invalid value: 1: spec in body should be less than or equal to 0"],
    ],
    [
      { type: "number", minimum: 2.5, exclusiveMinimum: true },
      2.5,
      ["spec: Invalid value: 2.5: spec in body should be greater than 2.5"],
    ],
    [
      { type: "integer", multipleOf: 3 },
      7,
      ["spec: Invalid value: 7: spec in body should be a multiple of 3"],
    ],
    [{ type: "number", multipleOf: 0.1 }, 0.3, []],
    [
      { type: "array", maxItems: 1, items: { type: "string" } },
      ["a", 2],
      [
        'spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"',
        "spec: Too many: 2: must have at most 1 item",
      ],
    ],
    [
      { type: "object", minProperties: 1 },
      {},
      ["spec: Invalid value: 0: spec in body should have at least 1 properties"],
    ],
    [
      { type: "object", additionalProperties: { type: "string" } },
      { "a.b": 1 },
      ['spec.a.b: Invalid value: "integer": spec.a.b in body must be of type string: "integer"'],
    ],
    [{ type: "object", required: ["a", "b"] }, { a: 1 }, ["spec.b: Required value"]],
  ]
  test.each(cases)("%o of %o", (schema, value, errors) => {
    expect(specErrors(schema, value)).toEqual(errors)
  })
})

describe("alternatives", () => {
  const either: JsonSchema = {
    type: "object",
    oneOf: [{ required: ["a"] }, { required: ["b"], properties: { b: { minLength: 2 } } }],
  }

  test("exactly one holds", () => {
    expect(specErrors(either, { a: "x" })).toEqual([])
    expect(specErrors(either, { a: "x", b: "long" })).toEqual([
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ])
  })

  test("of those that fail, the one that fits best is told of", () => {
    expect(specErrors(either, { b: "x" })).toEqual([
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
      'spec.b: Invalid value: "x": spec.b in body should be at least 2 chars long',
    ])
  })

  test("all, any, none", () => {
    const schema: JsonSchema = { allOf: [{ minLength: 2 }], anyOf: [{ maxLength: 1 }], not: { pattern: "x" } }
    expect(specErrors(schema, "x")).toEqual([
      'spec: Invalid value: "x": spec in body should be at least 2 chars long',
      '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
      '<nil>: Invalid value: "": "spec" must not validate the schema (not)',
    ])
    expect(specErrors(schema, "yy")[0]).toBe(
      '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
    )
  })
})

describe("updates", () => {
  const stricter = ofSpec({
    type: "object",
    properties: {
      name: { type: "string", maxLength: 1 },
      size: { type: "integer" },
      ports: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: {
          type: "object",
          properties: { name: { type: "string" }, port: { type: "integer", maximum: 10 } },
        },
      },
      tags: { type: "array", items: { type: "string", maxLength: 1 } },
    },
  })
  const update = (before: unknown, after: unknown) =>
    errorsOf(stricter, { spec: after }, { former: { value: { spec: before } } })

  test("what did not change is excused", () => {
    expect(update({ name: "long", size: 1 }, { name: "long", size: 2 })).toEqual([])
    expect(update({ name: "long" }, { name: "longer" })).toEqual([
      "spec.name: Too long: may not be more than 1 byte",
    ])
  })

  test("elements of a list map are told apart by their keys", () => {
    const before = [
      { name: "a", port: 80 },
      { name: "b", port: 81 },
    ]
    const after = [before[1], { name: "c", port: 82 }, before[0]]
    expect(update({ ports: before }, { ports: after })).toEqual([
      "spec.ports[1].port: Invalid value: 82: spec.ports[1].port in body should be less than or equal to 10",
    ])
  })

  test("another list is excused only as a whole", () => {
    expect(update({ tags: ["long"] }, { tags: ["long"], size: 1 })).toEqual([])
    expect(update({ tags: ["long"] }, { tags: ["long", "x"] })).toEqual([
      "spec.tags[0]: Too long: may not be more than 1 byte",
    ])
  })
})

test("a status is validated under its name", () => {
  expect(
    errorsOf({ type: "object", properties: { phase: { enum: ["A"] } } }, { phase: "B" }, { root: "status" }),
  ).toEqual(['status.phase: Unsupported value: "B": supported values: "A"'])
})

test("a pattern that would take a backtracking engine forever", () => {
  expect(specErrors({ type: "string", pattern: "^(a+)+$" }, `${"a".repeat(5000)}!`)).toHaveLength(1)
})
