import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  bigInteger,
  binaryString,
  bool,
  bytes,
  double,
  enumOf,
  integer,
  message,
  optional,
  repeated,
  string,
  stringMap,
  unsigned,
  wrapped,
  type MessageType,
} from "./protobuf.ts"

interface Inner {
  name: string
  size: number
}
const Inner = message<Inner>({ name: [1, string], size: [2, integer] })

interface Everything {
  text: string
  data: Uint8Array
  flag: boolean
  count: number
  big: number
  ratio: number
  state: "IDLE" | "BUSY"
  maybe?: number | undefined
  maybeNames?: string[] | undefined
  boxed?: number | undefined
  inner?: Inner | undefined
  inners: Inner[]
  names: string[]
  numbers: number[]
  labels: Record<string, string>
}
const Everything: MessageType<Everything> = message<Everything>({
  text: [1, string],
  data: [2, bytes],
  flag: [3, bool],
  count: [4, integer],
  big: [5, unsigned],
  ratio: [6, double],
  state: [7, enumOf({ IDLE: 0, BUSY: 3 })],
  maybe: [8, optional(integer)],
  maybeNames: [14, optional(repeated(string))],
  boxed: [9, wrapped(integer)],
  inner: [10, Inner],
  inners: [11, repeated(Inner)],
  names: [12, repeated(string)],
  numbers: [13, repeated(integer)],
  labels: [200, stringMap],
})

const inner = fc.record({ name: fc.string(), size: fc.maxSafeInteger() })
const key = fc.string().filter((text) => text !== "__proto__")

describe("protobuf", () => {
  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(
        fc.record<Everything>({
          text: fc.string({ unit: "grapheme" }),
          data: fc.uint8Array(),
          flag: fc.boolean(),
          count: fc.maxSafeInteger(),
          big: fc.maxSafeNat(),
          ratio: fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
          state: fc.constantFrom("IDLE", "BUSY"),
          maybe: fc.option(fc.integer(), { nil: undefined }),
          maybeNames: fc.option(fc.array(fc.string(), { minLength: 1 }), { nil: undefined }),
          boxed: fc.option(fc.maxSafeInteger(), { nil: undefined }),
          inner: fc.option(inner, { nil: undefined }),
          inners: fc.array(inner),
          names: fc.array(fc.string()),
          numbers: fc.array(fc.maxSafeInteger()),
          labels: fc.dictionary(key, fc.string()),
        }),
        (value) => {
          expect(Everything.decode(Everything.encode(value))).toEqual(value)
        },
      ),
    )
  })

  it("keeps every bit of large numbers and of binary strings", () => {
    interface Exact {
      id: bigint
      key: string
    }
    const Exact = message<Exact>({ id: [1, bigInteger], key: [2, binaryString] })
    const value = fc.record({
      id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      key: fc.uint8Array().map((bytes) => String.fromCharCode(...bytes)),
    })
    fc.assert(
      fc.property(value, (exact) => {
        expect(Exact.decode(Exact.encode(exact))).toEqual(exact)
      }),
    )
    expect([...Exact.encode({ id: -1n, key: "\xff" })]).toEqual([
      0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x12, 1, 0xff,
    ])
  })

  it("puts lengths before contents of any size", () => {
    for (const size of [0, 1, 126, 127, 128, 300, 16_383, 16_384, 70_000]) {
      const inners = [
        { name: "x".repeat(size), size: 1 },
        { name: "y", size: 2 },
      ]
      const data = new Uint8Array(size).fill(7)
      const value = Everything.decode(
        Everything.encode({ ...Everything.decode(new Uint8Array()), inners, data }),
      )
      expect(value).toMatchObject({ inners, data })
    }
  })

  it("writes the documented bytes", () => {
    // The examples of https://protobuf.dev/programming-guides/encoding/
    expect([...Inner.encode({ name: "testing", size: 150 })]).toEqual([
      0x0a, 7, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67, 0x10, 0x96, 0x01,
    ])
    expect([...Inner.encode({ name: "", size: -2 })]).toEqual([
      0x10, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
    ])
  })

  it("reads numbers that are not packed, and skips fields it does not know", () => {
    const bytes = Uint8Array.from([0x68, 1, 0x68, 2, 0xf8, 0x3f, 9, 0xfa, 0x3f, 2, 1, 2, 0x20, 5])
    expect(Everything.decode(bytes)).toMatchObject({ numbers: [1, 2], count: 5 })
  })

  it("says where a message is cut short", () => {
    expect(() => Inner.decode(Uint8Array.from([0x0a, 9, 65]))).toThrow("9 more bytes wanted at byte 2")
  })
})
