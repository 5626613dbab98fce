import { expect, test } from "vitest"
import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  formatFieldError,
  internalFieldError,
  invalid,
  invalidType,
  invalidValue,
  notFoundValue,
  requiredValue,
  tooFew,
  tooLong,
  tooMany,
  tooShort,
  unsupportedValue,
} from "./field-error.ts"
import { fieldPath } from "./field-path.ts"

const path = fieldPath("spec", "containers").index(0).child("env").key("HOME")

test.each<[FieldError, string]>([
  [requiredValue(path), "Required value"],
  [requiredValue(path, "why"), "Required value: why"],
  [invalidValue(path, 'a"b', "must be c"), 'Invalid value: "a\\"b": must be c'],
  [invalidValue(path, -1, "must be more"), "Invalid value: -1: must be more"],
  [invalidValue(path, { a: "<b>" }, "no"), 'Invalid value: {"a":"\\u003cb\\u003e"}: no'],
  [invalidValue(path, undefined, "no"), "Invalid value: null: no"],
  [invalidType(path, 7, "must be a string"), "Invalid value: 7: must be a string"],
  [unsupportedValue(path, "x", ["A", "B"]), 'Unsupported value: "x": supported values: "A", "B"'],
  [duplicateValue(path, "x"), 'Duplicate value: "x"'],
  [notFoundValue(path, "x"), 'Not found: "x"'],
  [forbiddenValue(path, "not today"), "Forbidden: not today"],
  [tooLong(path, 63), "Too long: may not be more than 63 bytes"],
  [tooShort(path, "a", 2), "Too short: must be at least 2 characters"],
  [tooMany(path, 3, 1), "Too many: 3: must have at most 1 item"],
  [tooFew(path, 0, 2), "Too few: 0: must have at least 2 items"],
  [internalFieldError(path, "boom"), "Internal error: boom"],
])("%j", (error, body) => {
  expect(formatFieldError(error)).toBe(`spec.containers[0].env[HOME]: ${body}`)
})

test("one error stands alone, several stand in brackets, equal ones are said once", () => {
  const kind = { group: "apps", kind: "Deployment" }
  const missing = requiredValue("spec.selector")
  const bad = invalidValue("spec.replicas", -1, "must be more")
  expect(invalid(kind, "web", [missing]).message).toBe(
    'Deployment.apps "web" is invalid: spec.selector: Required value',
  )
  const status = invalid(kind, "web", [missing, bad, missing]).toStatus()
  expect(status.message).toBe(
    'Deployment.apps "web" is invalid: [spec.selector: Required value, spec.replicas: Invalid value: -1: must be more]',
  )
  expect(status.code).toBe(422)
  expect(status.details).toEqual({
    name: "web",
    group: "apps",
    kind: "Deployment",
    causes: [
      { reason: "FieldValueRequired", message: "Required value", field: "spec.selector" },
      { reason: "FieldValueInvalid", message: "Invalid value: -1: must be more", field: "spec.replicas" },
      { reason: "FieldValueRequired", message: "Required value", field: "spec.selector" },
    ],
  })
  expect(invalid({ group: "", kind: "Pod" }, "", []).message).toBe('Pod "" is invalid')
})

test("paths grow from an empty root", () => {
  expect(String(fieldPath())).toBe("")
  expect(String(fieldPath().child("spec", "replicas"))).toBe("spec.replicas")
  expect(String(fieldPath("items").index(3).index(1).child("a"))).toBe("items[3][1].a")
})
