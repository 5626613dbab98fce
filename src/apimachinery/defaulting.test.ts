import { expect, test } from "vitest"
import { applyDefaults } from "./defaulting.ts"
import { copyJson, deepFreeze, thaw } from "./freeze.ts"
import {
  always,
  bool,
  type Field,
  field,
  int32,
  list,
  mapOf,
  message,
  type ObjectSchema,
  optional,
  string,
} from "./schema.ts"

const Port = message(
  "io.k8s.api.core.v1.Port",
  {
    protocol: field(1, string, { default: "TCP" }),
    port: always(2, int32),
    target: field(3, int32),
  },
  {
    applyDefaults: (port: { port: number; target?: number }) => {
      port.target ??= port.port
    },
  },
)
const Context = message("io.k8s.api.core.v1.Context", {
  user: optional(1, int32),
  ro: optional(2, bool, { default: true }),
})
const Thing = message("io.k8s.api.core.v1.Thing", {
  replicas: optional(1, int32, { default: 1 }),
  mode: always(2, string, { default: "Fast" }),
  context: optional(3, Context, { default: {} }),
  ports: field(4, list(Port)),
  byName: field(5, mapOf(Port)),
  labels: field(6, mapOf(string)),
})

test("fields' own defaults first, then the rules of the message", () => {
  const thing = {
    mode: "",
    ports: [{ port: 80 }, { port: 1, protocol: "UDP", target: 2 }],
    byName: { a: { port: 3 } },
  }
  const before = { ...thing }
  expect(applyDefaults(Thing, thing)).toEqual({
    replicas: 1,
    mode: "Fast",
    context: { ro: true },
    ports: [
      { protocol: "TCP", port: 80, target: 80 },
      { protocol: "UDP", port: 1, target: 2 },
    ],
    byName: { a: { protocol: "TCP", port: 3, target: 3 } },
  })
  expect(thing).not.toEqual(before)
  expect(applyDefaults(Thing, { replicas: 0, mode: "Slow", context: { ro: false } })).toEqual({
    replicas: 0,
    mode: "Slow",
    context: { ro: false },
  })
})

test("frozen parts are copied where they change, and kept where not", () => {
  const labels = { a: "b" }
  const complete = { protocol: "TCP", port: 1, target: 1 }
  const thing = deepFreeze({ mode: "Slow", replicas: 1, context: { ro: true }, ports: [complete], labels })
  const done = applyDefaults(Thing, thing)
  expect(done).toEqual(thing)
  expect(done.labels).toBe(labels)
  const half = deepFreeze({ mode: "Slow", ports: [{ port: 5 }], labels })
  const filled = applyDefaults(Thing, half)
  expect(filled.ports[0]).toEqual({ protocol: "TCP", port: 5, target: 5 })
  expect(half.ports[0]).toEqual({ port: 5 })
  expect(filled.labels).toBe(labels)
})

test("a default is never shared", () => {
  const one = applyDefaults(Thing, { mode: "x" }) as { context?: object }
  const two = applyDefaults(Thing, { mode: "x" }) as { context?: object }
  expect(one.context).not.toBe(two.context)
})

test("custom resources: null is absent unless nullable", () => {
  const plain = (schema: Field["schema"], value?: unknown): Field => ({
    schema,
    presence: "explicit",
    ...(value !== undefined && { default: value }),
  })
  const nullable = { kind: "scalar", name: "string", nullable: true } as const
  const Custom: ObjectSchema = {
    kind: "object",
    fields: {
      a: plain(string, "x"),
      b: plain(nullable, "y"),
      c: plain({ kind: "object", fields: { d: plain(string, "") } }, {}),
    },
  }
  expect(applyDefaults(Custom, { a: null, b: null })).toEqual({ a: "x", b: null, c: { d: "" } })
  expect(applyDefaults(Custom, { a: "", c: 7 })).toEqual({ a: "", b: "y", c: 7 })
})

test("freezing, thawing and copying", () => {
  const value = { a: [{ b: 1 }], c: null, d: { e: "f" } }
  const frozen = deepFreeze(copyJson(value))
  expect(Object.isFrozen(frozen.a[0])).toBe(true)
  const thawed = thaw(frozen)
  expect(thawed).toEqual(value)
  thawed.a[0]!.b = 2
  thawed.d.e = "g"
  expect(frozen).toEqual(value)
  const mixed = { x: frozen.d, y: { z: 1 } }
  expect(thaw(mixed)).toBe(mixed)
  expect(Object.isFrozen(mixed.x)).toBe(false)
})
