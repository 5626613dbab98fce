import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Answer, DnsRecord } from "./answer.ts"
import { codes, types } from "./constants.ts"
import { encodeAnswer, encodeRefusal, udpLimit } from "./encode-answer.ts"
import { encodeQuery } from "./encode-query.ts"
import { FrameReader, frame } from "./frames.ts"
import { parseAddresses } from "./parse-addresses.ts"
import { parseQuery, type Query } from "./query.ts"

const name = "web.default.svc.cluster.local"
const answer = (answers: DnsRecord[], additional: DnsRecord[] = []): Answer => ({
  code: codes.noError,
  authoritative: true,
  answers,
  authority: [],
  additional,
})
const address = (index: number): DnsRecord => ({
  name,
  ttlSeconds: 30,
  type: "A",
  address: `10.244.0.${index}`,
})

function withEdns(query: Query, udpSize: number): Query {
  return { ...query, edns: { udpSize, dnssecOk: false } }
}

describe("DNS messages", () => {
  it("reads questions whatever the case of their letters, and gives the letters back", () => {
    const { message } = encodeQuery("WeB.Default.svc.cluster.LOCAL", types.A)
    const query = parseQuery(message) as Query
    expect(query).toMatchObject({ name, type: types.A })
    expect(encodeAnswer(query, answer([address(1)]), 512).includes("WeB")).toBe(true)
  })

  it("writes a name once: three addresses of a Service take 16 bytes each", () => {
    const { message, query } = encodeQuery(name, types.A)
    const encoded = encodeAnswer(query, answer([address(1), address(2), address(3)]), 512)
    expect(encoded.length).toBe(message.length + 3 * 16)
    expect(parseAddresses(encoded)).toEqual([address(1), address(2), address(3)])
  })

  it("says truncated when the answer does not fit, and leaves out what only helps", () => {
    const { query } = encodeQuery(name, types.A)
    const many = Array.from({ length: 60 }, (_, index) => address(index))
    const short = encodeAnswer(query, answer(many), udpLimit(query))
    expect(short.length).toBeLessThanOrEqual(512)
    expect(short[2]! & 0x02).toBe(0x02)
    expect(parseAddresses(short).length).toBe(short.readUInt16BE(6))
    const wide = encodeAnswer(withEdns(query, 4096), answer(many), udpLimit(withEdns(query, 4096)))
    expect(wide[2]! & 0x02).toBe(0)
    expect(parseAddresses(wide)).toHaveLength(60)
    const helpful = encodeAnswer(query, answer([address(1)], many), 512)
    expect(helpful[2]! & 0x02).toBe(0)
    expect(helpful.readUInt16BE(10)).toBeLessThan(60)
    expect(encodeAnswer(query, answer(many), 65_535).readUInt16BE(6)).toBe(60)
  })

  it("refuses what is no question, and is silent to answers and noise", () => {
    const { message } = encodeQuery(name, types.A)
    const changed = (offset: number, value: number) => {
      const copy = Buffer.from(message)
      copy.writeUInt16BE(value, offset)
      return parseQuery(copy)
    }
    expect(changed(2, 0x8000)).toMatchObject({ code: undefined })
    expect(changed(2, 0x2800)).toMatchObject({ code: codes.notImplemented })
    expect(changed(4, 2)).toMatchObject({ code: codes.formatError })
    expect(changed(message.length - 2, 3)).toMatchObject({ code: codes.refused })
    expect(parseQuery(message.subarray(0, 20))).toMatchObject({ code: codes.formatError })
    expect(parseQuery(Buffer.alloc(5))).toMatchObject({ code: undefined })
    expect(encodeRefusal({ id: 7, flags: 0, code: undefined })).toBeUndefined()
    expect(encodeRefusal({ id: 7, flags: 0x0100, code: codes.refused })?.toString("hex")).toBe(
      "000781050000000000000000",
    )
  })

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 600 }), fc.boolean(), (bytes, looksRight) => {
        const message = Buffer.from(bytes)
        if (looksRight && message.length >= 12) message.set([1, 0, 0, 1, 0, 0, 0, 0, 0, 1], 2)
        const query = parseQuery(message)
        if ("question" in query) encodeAnswer(query, answer([address(1)]), 512)
        if (message.length >= 12) parseAddresses(message)
      }),
    )
  })

  it("puts messages of a stream together however they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 })),
        fc.integer({ min: 1, max: 20 }),
        (messages, step) => {
          const stream = Buffer.concat(messages.map((message) => frame(Buffer.from(message))))
          const read: number[][] = []
          const reader = new FrameReader((message) => read.push([...message]))
          for (let offset = 0; offset < stream.length; offset += step)
            reader.push(stream.subarray(offset, offset + step))
          expect(read).toEqual(messages.map((message) => [...message]))
        },
      ),
    )
  })
})
