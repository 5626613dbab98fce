import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ObjectMeta } from "../meta.ts"
import {
  always,
  bool,
  bytes,
  double,
  duration,
  field,
  inline,
  int32,
  int64,
  intOrString,
  json,
  list,
  mapOf,
  message,
  microTime,
  optional,
  quantity,
  rawExtension,
  string,
  time,
} from "../schema.ts"
import { decodeObject } from "../structural.ts"
import {
  decodeEnvelope,
  decodeMessage,
  decodeProtobuf,
  decodeWatchEvent,
  encodeListMessage,
  encodeMessage,
  encodeProtobuf,
  encodeWatchEvent,
  frame,
} from "./protobuf.ts"

const Source = message("io.k8s.api.core.v1.Source", { path: optional(1, string), size: optional(2, int64) })
const Leaf = message("io.k8s.api.core.v1.Leaf", {
  name: field(1, string),
  ...inline(2, Source),
  on: field(3, bool),
  far: field(500, int32),
})
const Thing = message("io.k8s.api.core.v1.Thing", {
  kind: { schema: string, presence: "implicit" },
  apiVersion: { schema: string, presence: "implicit" },
  metadata: always(1, ObjectMeta),
  text: field(2, string),
  maybe: optional(3, string),
  count: field(4, int32),
  big: optional(5, int64),
  ratio: field(6, double),
  leaf: always(7, Leaf),
  leaves: field(8, list(Leaf)),
  names: field(9, list(string)),
  numbers: field(10, list(int64)),
  labels: field(11, mapOf(string)),
  byName: field(12, mapOf(Leaf)),
  extra: field(13, mapOf(list(string, { wrapperField: 1 }))),
  data: field(14, mapOf(bytes)),
  when: always(15, time),
  moment: optional(16, microTime),
  period: optional(17, duration),
  limits: field(18, mapOf(quantity)),
  port: always(19, intOrString),
  raw: optional(20, rawExtension),
  any: optional(21, json),
})
const type = { group: "", version: "v1", kind: "Thing", schema: Thing }

const leaf = fc.record(
  {
    name: fc.string(),
    path: fc.string(),
    size: fc.maxSafeInteger(),
    on: fc.boolean(),
    far: fc.integer(),
  },
  { requiredKeys: [] },
)
const key = fc.string({ maxLength: 5 })
const map = <T>(value: fc.Arbitrary<T>) => fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true })
const instant = fc
  .integer({ min: -62_135_596_799, max: 253_402_300_799 })
  .map((seconds) => new Date(seconds * 1000))
const thing = fc.record(
  {
    text: fc.string({ unit: "grapheme", maxLength: 60 }),
    maybe: fc.string(),
    count: fc.integer(),
    big: fc.maxSafeInteger(),
    ratio: fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    leaf,
    leaves: fc.array(leaf, { maxLength: 3 }),
    names: fc.array(fc.string(), { maxLength: 3 }),
    numbers: fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
    labels: map(fc.string()),
    byName: map(leaf),
    extra: map(fc.array(fc.string(), { maxLength: 2 })),
    data: map(fc.uint8Array().map((each) => Buffer.from(each).toString("base64"))),
    when: instant.map((date) => `${date.toISOString().slice(0, -5)}Z`),
    moment: instant.map((date) => date.toISOString().replace("Z", "123Z")),
    period: fc.integer({ min: -1e6, max: 1e6 }).map((ms) => `${ms}ms`),
    limits: map(fc.integer({ min: 0, max: 5000 }).map((milli) => `${milli}m`)),
    port: fc.oneof(fc.integer(), fc.string()),
    raw: map(fc.constantFrom(1, "x", null, [true])),
    any: fc.constantFrom(1, "x", [{}], false),
  },
  { requiredKeys: [] },
)

test("what is encoded decodes to the same object, in the same form as from JSON", () => {
  fc.assert(
    fc.property(thing, (value) => {
      const object = decodeObject(Thing, { kind: "Thing", apiVersion: "v1", ...value })
      const encoded = encodeProtobuf(type, object)
      const decoded = decodeProtobuf(Thing, decodeEnvelope(encoded))
      expect(JSON.stringify(decoded)).toBe(JSON.stringify(object))
      expect(encodeProtobuf(type, decoded)).toEqual(encoded)
    }),
    { numRuns: 300 },
  )
})

const hex = (value: Uint8Array) => Buffer.from(value).toString("hex")

test("bytes are those of upstream's generated code: plain fields always, pointers when set", () => {
  const Small = message("Small", {
    a: field(1, string),
    b: optional(2, string),
    c: field(3, int32),
    d: field(4, time),
    e: optional(5, time),
    f: field(6, mapOf(string)),
    g: always(7, quantity),
    h: always(8, intOrString),
    i: field(9, list(int32)),
    j: always(10, rawExtension),
  })
  const plain = "3a030a0130 4206080010001a00"
  const bytesOf = (text: string) => text.replaceAll(" ", "")
  expect(hex(encodeMessage(Small, {}))).toBe(bytesOf(`0a00 1800 2200 ${plain} 5200`))
  const object = { b: "", c: -1, d: "1970-01-01T00:00:01Z", f: { b: "2", a: "1" }, i: [1, 0] }
  const set = "1200 18ffffffffffffffffff01 220408011000"
  const labels = "32060a0161120131 32060a0162120132"
  expect(hex(encodeMessage(Small, object))).toBe(bytesOf(`0a00 ${set} ${labels} ${plain} 4801 4800 5200`))
})

test("lists, watch events and frames", () => {
  const items = [{ text: "a" }, { text: "b" }].map((each) => encodeMessage(Thing, decodeObject(Thing, each)))
  const List = message("ThingList", {
    metadata: always(1, message("M", { resourceVersion: field(2, string) })),
    items: always(2, list(Thing)),
  })
  const decoded = decodeMessage(List, encodeListMessage({ resourceVersion: "7" }, items))
  expect(decoded).toMatchObject({ metadata: { resourceVersion: "7" }, items: [{ text: "a" }, { text: "b" }] })
  const object = encodeProtobuf(type, { text: "x" })
  const event = encodeWatchEvent("ADDED", object)
  expect(decodeWatchEvent(event)).toEqual({ type: "ADDED", object })
  expect(hex(frame(Uint8Array.of(1, 2)))).toBe("000000020102")
})

describe("hostile input", () => {
  const good = encodeMessage(
    Thing,
    decodeObject(Thing, {
      text: "x".repeat(50),
      leaves: [{ name: "a" }],
      extra: { a: ["b"] },
      raw: { a: 1 },
      period: "5s",
    }),
  )

  test("is refused or read, never more", () => {
    const damaged = fc
      .tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length))
      .map(([at, byte, cut]) => {
        const bytes = good.slice(0, Math.max(at + 1, cut))
        bytes[at] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), (input) => {
        try {
          decodeMessage(Thing, input)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect(error).not.toBeInstanceOf(RangeError)
          expect(error).not.toBeInstanceOf(TypeError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test("is named as upstream names it", () => {
    const decode =
      (...input: number[]) =>
      () =>
        decodeMessage(Thing, Uint8Array.from(input))
    expect(decode(0x12, 5, 65)).toThrow("unexpected EOF")
    expect(decode(0x10, 5)).toThrow("proto: wrong wireType = 0 for field Text")
    expect(decode(0x07)).toThrow("proto: illegal tag 0")
    expect(decode(0x1f)).toThrow("proto: wrong wireType = 7 for field Maybe")
    expect(decode(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toThrow(
      "proto: integer overflow",
    )
    expect(decode(0xfa, 0x7f, 1, 0)).not.toThrow()
    expect(() => decodeEnvelope(Uint8Array.of(1, 2, 3, 4))).toThrow(
      "does not appear to be a protobuf message",
    )
  })

  test("does not nest without end", () => {
    const Node: { kind: "object"; name: string; fields: Record<string, unknown> } = {
      kind: "object",
      name: "N",
      fields: {},
    }
    Node.fields["n"] = { number: 1, schema: () => Node, presence: "explicit" }
    let bytes = new Uint8Array()
    for (let depth = 0; depth < 2000; depth++) {
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
      bytes = Uint8Array.from([0x0a, ...length, ...bytes])
    }
    expect(() => decodeMessage(Node as never, bytes)).toThrow("exceeded max depth")
  })
})
