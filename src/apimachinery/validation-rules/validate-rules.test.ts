import { describe, expect, test } from "vitest"
import { formatFieldError } from "../field-error.ts"
import { fieldPath } from "../field-path.ts"
import type { JsonSchema } from "../json-schema/json-schema.ts"
import { Correlation } from "../json-schema/ratchet.ts"
import { validateRules } from "./validate-rules.ts"

interface Update {
  readonly old?: unknown
  readonly warnings?: string[]
}

function check(schema: JsonSchema, value: unknown, { old, warnings }: Update = {}): string[] {
  const errors = validateRules(schema, value, {
    path: fieldPath("spec"),
    ...(old !== undefined && { old, correlation: new Correlation(value, old, schema) }),
    ...(warnings && { warn: (text) => void warnings.push(text) }),
  })
  return errors.map(formatFieldError)
}

const integer: JsonSchema = { type: "integer" }
const object = (properties: Record<string, JsonSchema>, ...rules: object[]): JsonSchema => ({
  type: "object",
  properties,
  "x-kubernetes-validations": rules,
})

describe("a rule", () => {
  const range = { min: integer, max: integer }
  test("that fails says so, by its own text or by what it computes", () => {
    const value = { min: 3, max: 2 }
    const rule = "self.min <= self.max"
    expect(check(object(range, { rule }), value)).toEqual([
      "spec: Invalid value: failed rule: self.min <= self.max",
    ])
    expect(check(object(range, { rule, message: "min above max" }), value)).toEqual([
      "spec: Invalid value: min above max",
    ])
    const messageExpression = '"min " + string(self.min) + " above " + string(self.max)'
    expect(check(object(range, { rule, messageExpression, message: "never seen" }), value)).toEqual([
      "spec: Invalid value: min 3 above 2",
    ])
    expect(check(object(range, { rule }), { min: 1, max: 2 })).toEqual([])
  })

  test("says what kind of mistake it is, and where", () => {
    const rule = { rule: "has(self.max)", reason: "FieldValueRequired", fieldPath: ".max", message: "needed" }
    expect(check(object(range, rule), { min: 1 })).toEqual(["spec.max: Required value: needed"])
  })

  test("on a scalar shows the value", () => {
    const even = { type: "integer", "x-kubernetes-validations": [{ rule: "self % 2 == 0" }] }
    expect(check({ type: "object", properties: { n: even } }, { n: 3 })).toEqual([
      "spec.n: Invalid value: 3: failed rule: self % 2 == 0",
    ])
  })

  test("that cannot be evaluated says why", () => {
    expect(check(object(range, { rule: "self.max > 0" }), { min: 1 })).toEqual([
      'spec: Invalid value: "object": no such key: max evaluating rule: self.max > 0',
    ])
  })

  test("that would take too long is stopped, and so are those behind it", () => {
    const list: JsonSchema = {
      type: "array",
      items: integer,
      "x-kubernetes-validations": [
        { rule: "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))" },
        { rule: "false", message: "not reached" },
      ],
    }
    const value = Array.from({ length: 300 }, (_, index) => index)
    const [error, ...others] = check({ type: "object", properties: { list } }, { list: value })
    expect(error).toContain(
      "no further validation rules will be run due to call cost exceeds limit for rule:",
    )
    expect(others).toEqual([])
  })
})

describe("a transition rule", () => {
  const immutable = {
    type: "string",
    "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "immutable" }],
  }
  const schema: JsonSchema = { type: "object", properties: { name: immutable } }

  test("holds of changes alone", () => {
    expect(check(schema, { name: "a" })).toEqual([])
    expect(check(schema, { name: "a" }, { old: { name: "a" } })).toEqual([])
    expect(check(schema, { name: "b" }, { old: { name: "a" } })).toEqual([
      'spec.name: Invalid value: "b": immutable',
    ])
  })

  test("finds elements of list maps by their keys", () => {
    const list: JsonSchema = {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["id"],
      items: object({ id: integer, size: integer }, { rule: "self.size >= oldSelf.size" }),
    }
    const before = [
      { id: 1, size: 5 },
      { id: 2, size: 5 },
    ]
    const after = [
      { id: 2, size: 4 },
      { id: 1, size: 6 },
      { id: 3, size: 0 },
    ]
    expect(check(list, after, { old: before })).toEqual([
      "spec[0]: Invalid value: failed rule: self.size >= oldSelf.size",
    ])
  })

  test("may hold of new values, too, when it says so", () => {
    const rule = { rule: "oldSelf.hasValue() || self == 'new'", optionalOldSelf: true }
    const phase = { type: "string", "x-kubernetes-validations": [rule] }
    const withPhase: JsonSchema = { type: "object", properties: { phase } }
    expect(check(withPhase, { phase: "new" })).toEqual([])
    expect(check(withPhase, { phase: "old" })).toHaveLength(1)
    expect(check(withPhase, { phase: "old" }, { old: { phase: "new" } })).toEqual([])
  })
})

test("what did not change is only warned about", () => {
  const small = { type: "integer", "x-kubernetes-validations": [{ rule: "self < 10" }] }
  const schema: JsonSchema = { type: "object", properties: { a: small, b: small } }
  const warnings: string[] = []
  expect(check(schema, { a: 50, b: 60 }, { old: { a: 50, b: 1 }, warnings })).toEqual([
    "spec.b: Invalid value: 60: failed rule: self < 10",
  ])
  expect(warnings).toEqual(["spec.a: Invalid value: 50: failed rule: self < 10"])
})

test("names that are no identifiers are escaped", () => {
  const schema = object(
    { "with-dash": integer, in: integer },
    { rule: "self.with__dash__dash > self.__in__" },
  )
  expect(check(schema, { "with-dash": 2, in: 1 })).toEqual([])
})
