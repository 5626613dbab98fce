import { describe, expect, test } from "vitest"
import { deepFreeze } from "../freeze.ts"
import { always, field, int32, list, mapOf, message, optional, string } from "../schema.ts"
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts"

const Port = message("Port", { port: always(1, int32), name: field(2, string) })
const Container = message("Container", {
  name: field(1, string),
  image: field(2, string),
  args: field(3, list(string)),
  ports: field(4, list(Port, { keys: ["port"] }), { patchStrategy: "merge", patchMergeKey: "port" }),
})
const Strategy = message("Strategy", { type: field(1, string), rolling: optional(2, mapOf(int32)) })
const Thing = message("Thing", {
  labels: field(1, mapOf(string)),
  finalizers: field(2, list(string), { patchStrategy: "merge" }),
  containers: field(3, list(Container), { patchStrategy: "merge", patchMergeKey: "name" }),
  tolerations: field(4, list(Port)),
  strategy: field(5, Strategy, { patchStrategy: "retainKeys" }),
  whole: field(6, Container, { patchStrategy: "replace" }),
})

const apply = (document: object, patch: unknown) =>
  applyStrategicMergePatch(Thing, deepFreeze(document) as Record<string, unknown>, deepFreeze(patch))
const containers = (...names: string[]) => ({ containers: names.map((name) => ({ name })) })

describe("members", () => {
  test("merge, are removed by null, and replace what has another type", () => {
    expect(apply({ labels: { a: "1", b: "2" } }, { labels: { a: null, c: "3" } })).toEqual({
      labels: { b: "2", c: "3" },
    })
    expect(apply({ labels: { a: "1" } }, { labels: null })).toEqual({})
    expect(apply({}, { strategy: { type: "A", rolling: null } })).toEqual({ strategy: { type: "A" } })
    expect(apply({ whole: { name: "a", image: "b" } }, { whole: { name: "c" } })).toEqual({
      whole: { name: "c" },
    })
  })

  test("$patch replaces or empties an object, $retainKeys keeps what it names", () => {
    const document = { strategy: { type: "Rolling", rolling: { max: 1 } } }
    expect(apply(document, { strategy: { $patch: "replace", type: "B" } })).toEqual({
      strategy: { type: "B" },
    })
    expect(apply(document, { strategy: { $patch: "delete" } })).toEqual({ strategy: {} })
    expect(apply(document, { strategy: { $retainKeys: ["type"], type: "B" } })).toEqual({
      strategy: { type: "B" },
    })
  })
})

describe("lists of objects", () => {
  test("merge by key; new elements go where the patch has them", () => {
    const document = { containers: [{ name: "a", image: "1" }, { name: "b" }] }
    expect(apply(document, { containers: [{ name: "b", image: "2" }, { name: "c" }] })).toEqual({
      containers: [{ name: "a", image: "1" }, { name: "b", image: "2" }, { name: "c" }],
    })
    const nested = { containers: [{ name: "a", ports: [{ port: 1 }, { port: 2, name: "x" }] }] }
    const patch = {
      containers: [
        {
          name: "a",
          ports: [
            { port: 2, name: null },
            { $patch: "delete", port: 1 },
          ],
        },
      ],
    }
    expect(apply(nested, patch)).toEqual({ containers: [{ name: "a", ports: [{ port: 2 }] }] })
  })

  test("without a merge strategy are replaced", () => {
    expect(apply({ tolerations: [{ port: 1 }] }, { tolerations: [{ port: 2 }] })).toEqual({
      tolerations: [{ port: 2 }],
    })
    expect(apply(containers("a"), { containers: [{ name: "b" }, { $patch: "replace" }] })).toEqual(
      containers("b"),
    )
  })

  test("keep several elements with one key", () => {
    const ports = [
      { port: 53, name: "tcp" },
      { port: 53, name: "udp" },
    ]
    const result = apply(
      { containers: [{ name: "a", ports }] },
      { containers: [{ name: "a", ports: [{ port: 80 }] }] },
    )
    expect(result).toEqual({ containers: [{ name: "a", ports: [{ port: 80 }, ...ports] }] })
  })

  test("are ordered by $setElementOrder; the server's own elements keep their places", () => {
    const order = (...names: string[]) => names.map((name) => ({ name }))
    expect(
      apply(containers("a", "own", "b"), {
        "$setElementOrder/containers": order("b", "c", "a"),
        containers: [{ name: "c" }],
      }),
    ).toEqual(containers("own", "b", "c", "a"))
    expect(apply(containers("a", "b"), { "$setElementOrder/containers": order("b", "a") })).toEqual(
      containers("b", "a"),
    )
  })

  test("a renamed element takes the free place at the end", () => {
    const patch = {
      "$setElementOrder/containers": [{ name: "new" }],
      containers: [{ name: "new" }, { $patch: "delete", name: "old" }],
    }
    expect(apply(containers("old", "own"), patch)).toEqual(containers("own", "new"))
  })
})

test("lists of plain values are united, and shrink by $deleteFromPrimitiveList", () => {
  const document = { finalizers: ["a", "b", "c"] }
  expect(apply(document, { finalizers: ["d", "b"] })).toEqual({ finalizers: ["d", "a", "b", "c"] })
  expect(
    apply(document, {
      "$deleteFromPrimitiveList/finalizers": ["b"],
      "$setElementOrder/finalizers": ["c", "d"],
      finalizers: ["d"],
    }),
  ).toEqual({ finalizers: ["a", "c", "d"] })
})

test("shares what it leaves alone", () => {
  const document = deepFreeze({
    labels: { a: "1" },
    containers: [{ name: "a", ports: [{ port: 1 }] }, { name: "b" }],
  })
  const result = apply(document, { containers: [{ name: "b", image: "x" }] }) as typeof document
  expect(result.labels).toBe(document.labels)
  expect(result.containers[0]).toBe(document.containers[0])
})

test.each<[object, unknown, number, string]>([
  [{}, [], 400, "invalid JSON document"],
  [{}, { strategy: { $patch: "frob" } }, 500, ""],
  [
    { strategy: {} },
    { strategy: { $patch: "frob" } },
    500,
    "unknown patch type: frob in map: map[$patch:frob]",
  ],
  [
    containers("a"),
    { containers: [{ image: "x" }] },
    500,
    "map: map[image:x] does not contain declared merge key: name",
  ],
  [
    { strategy: {} },
    { strategy: { $retainKeys: ["a"], type: "B" } },
    400,
    "invalid patch format of retainKeys",
  ],
  [
    containers("a"),
    { containers: [{ name: "b", $patch: "merge" }] },
    500,
    "merging lists cannot yet be specified in the patch",
  ],
  [
    containers("a"),
    { "$setElementOrder/containers": [{ name: "a" }], containers: [{ name: "b" }] },
    500,
    "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
  ],
])("%j with %j: %i", (document, patch, code, message) => {
  if (message === "") expect(apply(document, patch)).toEqual({})
  else expect(() => apply(document, patch)).toThrow(expect.objectContaining({ code, message }) as Error)
})
