import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { deepFreeze } from "../freeze.ts"
import { applyJsonPatch } from "./json-patch.ts"

const document = deepFreeze({ a: { b: [1, { c: 2 }, 3], "x/y~z": "s" }, n: null, list: ["p", "q"] })

describe("applyJsonPatch", () => {
  test.each<[string, object[], unknown]>([
    ["add a member", [{ op: "add", path: "/a/d", value: 4 }], { a: { ...document.a, d: 4 } }],
    ["add into a list", [{ op: "add", path: "/list/1", value: "z" }], { list: ["p", "z", "q"] }],
    ["add at a list's end", [{ op: "add", path: "/list/-", value: "z" }], { list: ["p", "q", "z"] }],
    ["add counting from the end", [{ op: "add", path: "/list/-1", value: "z" }], { list: ["p", "q", "z"] }],
    ["remove from a list", [{ op: "remove", path: "/list/0" }], { list: ["q"] }],
    ["remove counting from the end", [{ op: "remove", path: "/list/-1" }], { list: ["p"] }],
    ["remove an escaped name", [{ op: "remove", path: "/a/x~1y~0z" }], { a: { b: document.a.b } }],
    [
      "replace",
      [{ op: "replace", path: "/a/b/1/c", value: 9 }],
      { a: { ...document.a, b: [1, { c: 9 }, 3] } },
    ],
    ["replace what is not there", [{ op: "replace", path: "/new", value: 1 }], { new: 1 }],
    [
      "move",
      [{ op: "move", from: "/list/0", path: "/a/b/0" }],
      { list: ["q"], a: { ...document.a, b: ["p", 1, { c: 2 }, 3] } },
    ],
    [
      "copy, and change only one of the two",
      [
        { op: "copy", from: "/a/b/1", path: "/k" },
        { op: "replace", path: "/k/c", value: 7 },
      ],
      { k: { c: 7 } },
    ],
    [
      "test before a change",
      [
        { op: "test", path: "/a/b", value: [1, { c: 2 }, 3] },
        { op: "test", path: "/n", value: null },
        { op: "test", path: "/missing", value: null },
        { op: "add", path: "/ok", value: true },
      ],
      { ok: true },
    ],
  ])("%s", (_, patch, changed) => {
    expect(applyJsonPatch(document, patch)).toEqual({ ...document, ...(changed as object) })
  })

  test("shares what it does not touch", () => {
    const result = applyJsonPatch(document, [{ op: "add", path: "/a/d", value: 4 }])
    expect(result["list"]).toBe(document.list)
    expect((result["a"] as { b: unknown }).b).toBe(document.a.b)
  })

  test("a member may have any name", () => {
    const patch = [{ op: "add", path: "/__proto__", value: { x: 1 } }]
    const result = applyJsonPatch({}, patch)
    expect(JSON.stringify(result)).toBe('{"__proto__":{"x":1}}')
    expect(() => applyJsonPatch({}, [{ op: "remove", path: "/constructor" }])).toThrow()
  })

  test.each<[string, unknown[], string]>([
    ["missing parent", [{ op: "add", path: "/x/y", value: 1 }], 'doc is missing path: "/x/y"'],
    ["missing member", [{ op: "remove", path: "/x" }], "Unable to remove nonexistent key: x"],
    ["failed test", [{ op: "test", path: "/n", value: 1 }], "testing value /n failed"],
    ["index beyond the end", [{ op: "add", path: "/list/9", value: 1 }], "Unable to access invalid index: 9"],
    [
      "index that is none",
      [{ op: "add", path: "/list/x", value: 1 }],
      "value was not a proper array index: 'x'",
    ],
    ["unknown operation", [{ op: "frob", path: "/n" }], "Unexpected kind: frob"],
    ["no path", [{ op: "add", value: 1 }], "add operation failed to decode path"],
    ["a root that is no object", [{ op: "replace", path: "", value: [] }], "must be object"],
  ])("what does not apply is answered alike: %s", (_, patch, why) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(
      expect.objectContaining({
        code: 422,
        message: "the server rejected our request due to an error in our request",
        cause: expect.objectContaining({ message: expect.stringContaining(why) as string }) as Error,
      }) as Error,
    )
  })

  test("limits", () => {
    const operations = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/n", value: null }))
    expect(() => applyJsonPatch(document, operations)).toThrow(
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    )
    expect(() => applyJsonPatch(document, operations.slice(1))).not.toThrow()
    const doubling = Array.from({ length: 40 }, (_, index) => ({
      op: "copy",
      from: "/a",
      path: `/a/${index}`,
    }))
    expect(() => applyJsonPatch({ a: { x: "y".repeat(100) } }, doubling)).toThrow("rejected")
    expect(() => applyJsonPatch(document, {})).toThrow(
      "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    )
  })

  test("does what changing a copy in place would do", () => {
    const path = fc.constantFrom("/a", "/a/b", "/a/b/0", "/a/b/-", "/a/c", "/d", "/d/e", "/d/0")
    const value = fc.constantFrom<unknown>(1, { b: [] }, [1, 2], { e: {} })
    const operation = fc.record({
      op: fc.constantFrom("add", "remove", "replace", "move", "copy"),
      path,
      from: path,
      value,
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 8 }), (patch) => {
        const start = deepFreeze({ a: { b: [1, { x: 1 }], c: {} }, d: [{}] })
        let oneByOne: Record<string, unknown> = start
        try {
          for (const each of patch) oneByOne = applyJsonPatch(structuredClone(oneByOne), [each])
        } catch {
          expect(() => applyJsonPatch(start, deepFreeze(patch))).toThrow()
          return
        }
        expect(applyJsonPatch(start, deepFreeze(patch))).toEqual(oneByOne)
      }),
      { numRuns: 500 },
    )
  })
})
