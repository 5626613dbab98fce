import { expect, test } from "vitest"
import { deepFreeze } from "../freeze.ts"
import { applyMergePatch } from "./merge-patch.ts"

// The examples of RFC 7386, appendix A, that are objects.
test.each<[object, object, object]>([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{ a: "b" }, { a: { b: null, c: [null, { d: null }] } }, { a: { c: [null, {}] } }],
])("%j and %j make %j", (document, patch, result) => {
  deepFreeze(document)
  expect(applyMergePatch(document as Record<string, unknown>, deepFreeze(patch))).toEqual(result)
})

test("shares what it leaves alone, and refuses what is no object", () => {
  const document = deepFreeze({ a: { b: {} }, c: { d: {} } })
  expect(applyMergePatch(document, { a: { x: 1 } })["c"]).toBe(document.c)
  expect(() => applyMergePatch(document, [])).toThrow("Invalid JSON Patch")
})
