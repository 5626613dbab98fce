import { describe, expect, test } from "vitest"
import { ObjectMeta } from "./meta.ts"
import {
  always,
  bool,
  bytes,
  double,
  duration,
  type Field,
  field,
  int32,
  int64,
  intOrString,
  list,
  mapOf,
  message,
  microTime,
  type ObjectSchema,
  optional,
  quantity,
  rawExtension,
  string,
  time,
} from "./schema.ts"
import { decodeObject, normalize } from "./structural.ts"

const Port = message("io.k8s.api.core.v1.Port", {
  name: field(1, string),
  port: always(2, int32),
  target: always(3, intOrString),
})

const Spec = message("io.k8s.api.core.v1.ThingSpec", {
  replicas: optional(1, int32),
  paused: field(2, bool),
  size: field(3, int64),
  ports: field(4, list(Port)),
  containers: always(5, list(Port)),
  nodeSelector: field(6, mapOf(string)),
  limits: field(7, mapOf(quantity)),
  data: field(8, mapOf(bytes)),
  template: always(9, Port),
  since: always(10, time),
  renewed: optional(11, microTime),
  period: optional(12, duration),
  ratio: optional(13, double),
  raw: optional(14, rawExtension),
})

const Thing = message("io.k8s.api.core.v1.Thing", {
  kind: field(20, string),
  metadata: always(1, ObjectMeta),
  spec: field(2, Spec),
})

const empty = { containers: null, template: { port: 0, target: 0 }, since: null }

describe("built-in kinds", () => {
  test("take Go's canonical form, in declared order", () => {
    const decoded = decodeObject(Thing, {
      spec: {
        template: { target: "http", port: 1 },
        replicas: 0,
        paused: false,
        size: 0,
        ports: [null, { name: "", port: 80 }],
        containers: [],
        nodeSelector: { b: "2", a: null, __proto__x: "y" },
        limits: { memory: "1.5Gi", cpu: 0.5 },
        data: { x: "Aw=\n=" },
        since: "2026-01-02T03:04:05+01:00",
        renewed: null,
        period: "90s",
        raw: { any: [null], z: {} },
      },
      kind: "",
      metadata: { labels: {}, name: "x", creationTimestamp: null, generation: 0, deletionTimestamp: null },
    })
    expect(JSON.stringify(decoded)).toBe(
      JSON.stringify({
        metadata: { name: "x" },
        spec: {
          replicas: 0,
          ports: [
            { port: 0, target: 0 },
            { port: 80, target: 0 },
          ],
          containers: [],
          nodeSelector: { __proto__x: "y", a: "", b: "2" },
          limits: { cpu: "500m", memory: "1536Mi" },
          data: { x: "Aw==" },
          template: { port: 1, target: "http" },
          since: "2026-01-02T02:04:05Z",
          period: "1m30s",
          raw: { any: [null], z: {} },
        },
      }),
    )
  })

  test("what is canonical is not copied", () => {
    const canonical = decodeObject(Thing, { spec: { replicas: 3, nodeSelector: { b: "1", a: "2" } } })
    expect(canonical).toEqual({
      metadata: {},
      spec: { replicas: 3, nodeSelector: { a: "2", b: "1" }, ...empty },
    })
    expect(decodeObject(Thing, canonical)).toBe(canonical)
    const spec = canonical.spec as Record<string, unknown>
    const changed: Record<string, unknown> = normalize(Thing, {
      ...canonical,
      spec: { ...spec, paused: true },
    })
    expect(Object.keys(changed.spec as object)).toEqual([
      "replicas",
      "paused",
      "containers",
      "nodeSelector",
      "template",
      "since",
    ])
    expect((changed.spec as typeof spec).nodeSelector).toBe(spec.nodeSelector)
    expect(changed.metadata).toBe(canonical.metadata)
  })

  test("undefined members and Go's zero time are absent", () => {
    const decoded = normalize(Thing, {
      metadata: { name: undefined, creationTimestamp: "0001-01-01T00:00:00Z" },
      spec: { ...empty, since: "0001-01-01T00:00:00Z" },
    })
    expect(JSON.stringify(decoded)).toBe(JSON.stringify({ metadata: {}, spec: empty }))
  })

  test("a map may have any key", () => {
    const data = JSON.parse('{"spec":{"nodeSelector":{"__proto__":"a","constructor":"b","A":"c"}}}')
    const { spec } = decodeObject(Thing, data) as { spec: { nodeSelector: object } }
    expect(JSON.stringify(spec.nodeSelector)).toBe('{"A":"c","__proto__":"a","constructor":"b"}')
  })

  test("unknown fields are dropped and reported", () => {
    const strict: string[] = []
    const decoded = decodeObject(
      Thing,
      {
        spec: { replica: 1, ports: [{ port: 1, nam: "x" }, { constructor: 1 }] },
        foo: {},
        metadata: { labels: { a: "b" }, label: {} },
      },
      strict,
    )
    expect(strict).toEqual([
      'unknown field "spec.replica"',
      'unknown field "spec.ports[0].nam"',
      'unknown field "spec.ports[1].constructor"',
      'unknown field "foo"',
      'unknown field "metadata.label"',
    ])
    expect(decoded).toEqual({
      metadata: { labels: { a: "b" } },
      spec: {
        ports: [
          { port: 1, target: 0 },
          { port: 0, target: 0 },
        ],
        ...empty,
      },
    })
  })

  const structField = "json: cannot unmarshal"
  test.each<[unknown, string]>([
    [7, `${structField} number into Go value of type v1.Thing`],
    [[], `${structField} array into Go value of type v1.Thing`],
    [{ spec: "x" }, `${structField} string into Go struct field Thing.spec of type v1.ThingSpec`],
    [
      { spec: { replicas: "3" } },
      `${structField} string into Go struct field ThingSpec.spec.replicas of type int32`,
    ],
    [
      { spec: { replicas: 1.5 } },
      `${structField} number 1.5 into Go struct field ThingSpec.spec.replicas of type int32`,
    ],
    [
      { spec: { replicas: 3e9 } },
      `${structField} number 3000000000 into Go struct field ThingSpec.spec.replicas of type int32`,
    ],
    [
      { spec: { ports: [{ port: true }] } },
      `${structField} bool into Go struct field Port.spec.ports.port of type int32`,
    ],
    [
      { spec: { ports: {} } },
      `${structField} object into Go struct field ThingSpec.spec.ports of type []v1.Port`,
    ],
    [
      { metadata: { labels: { a: 1 } } },
      `${structField} number into Go struct field ObjectMeta.metadata.labels of type string`,
    ],
    [
      { metadata: { labels: "a" } },
      `${structField} string into Go struct field ObjectMeta.metadata.labels of type map[string]string`,
    ],
    [
      { spec: { limits: { cpu: "x" } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [{ spec: { data: { a: "?" } } }, "illegal base64 data at input byte 0"],
    [
      { spec: { data: { a: 1 } } },
      `${structField} number into Go struct field ThingSpec.spec.data of type []uint8`,
    ],
    [
      { spec: { since: 5 } },
      `${structField} number into Go struct field ThingSpec.spec.since of type string`,
    ],
    [{ spec: { since: "x" } }, 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
    [{ spec: { period: "5" } }, 'time: missing unit in duration "5"'],
    [
      { spec: { template: { target: true } } },
      `${structField} bool into Go struct field Port.spec.template.target of type int32`,
    ],
    [
      { spec: { template: { target: 1.5 } } },
      `${structField} number 1.5 into Go struct field Port.spec.template.target of type int32`,
    ],
  ])("%j: %s", (value, message) => {
    expect(() => decodeObject(Thing, value)).toThrow(
      expect.objectContaining({ name: "DecodeError", message }),
    )
  })

  test("integers beyond 2^53 stay int64, and beyond int64 are refused", () => {
    const decode = (size: bigint) => (decodeObject(Thing, { spec: { size } }).spec as { size: unknown }).size
    expect(decode(2n ** 63n - 1n)).toBe(2 ** 63 - 1024)
    expect(decode(-(2n ** 63n))).toBe(-(2 ** 63))
    expect(() => decode(2n ** 63n)).toThrow("number 9223372036854775808 into Go struct field")
    expect(() => decodeObject(Thing, { spec: { replicas: 2n ** 40n } })).toThrow("of type int32")
  })
})

describe("custom resources", () => {
  const plain = (schema: Field["schema"]): Field => ({ schema, presence: "explicit" })
  const Inner: ObjectSchema = { kind: "object", fields: { b: plain(string), a: plain(int32) } }
  const Custom: ObjectSchema = {
    kind: "object",
    fields: {
      apiVersion: plain(string),
      kind: plain(string),
      metadata: plain(ObjectMeta),
      spec: plain({
        kind: "object",
        fields: {
          inner: plain(Inner),
          inners: plain({ kind: "list", element: Inner, listType: "atomic" }),
          byName: plain({ kind: "map", value: Inner }),
          maybe: plain({ kind: "scalar", name: "string", nullable: true }),
          open: plain({ kind: "object", fields: { inner: plain(Inner) }, preserveUnknownFields: true }),
        },
      }),
    },
  }

  test("lose what the schema does not know, and nothing else", () => {
    const strict: string[] = []
    const decoded = decodeObject(
      Custom,
      {
        apiVersion: "example.com/v1",
        kind: "Custom",
        metadata: { name: "x", generation: 0, more: 1 },
        spec: {
          inner: { a: "wrong", b: "", c: 1 },
          inners: [{ c: 1 }, null, 7],
          byName: { x: { c: 1, a: 0 } },
          maybe: null,
          open: { x: { y: null }, inner: { c: 1 } },
        },
        status: {},
      },
      strict,
    )
    expect(decoded).toEqual({
      apiVersion: "example.com/v1",
      kind: "Custom",
      metadata: { name: "x" },
      spec: {
        inner: { a: "wrong", b: "" },
        inners: [{}, null, 7],
        byName: { x: { a: 0 } },
        maybe: null,
        open: { inner: {}, x: { y: null } },
      },
    })
    expect(strict).toEqual([
      'unknown field "metadata.more"',
      'unknown field "spec.inner.c"',
      'unknown field "spec.inners[0].c"',
      'unknown field "spec.byName.x.c"',
      'unknown field "spec.open.inner.c"',
      'unknown field "status"',
    ])
  })

  test("nulls vanish unless nullable, wrong shapes are left to validation", () => {
    expect(decodeObject(Custom, { spec: { inner: null, byName: 7, maybe: null } })).toEqual({
      spec: { byName: 7, maybe: null },
    })
  })
})
