import * as fc from "fast-check"
import { expect, test } from "vitest"
import { frameMessage, MessageReader } from "./message-frames.ts"

test("messages come out whole, however the bytes were cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 })
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 200 })), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(frameMessage))
      const reader = new MessageReader(300)
      const received: number[][] = []
      let at = 0
      for (const cut of [...cuts, bytes.length]) {
        for (const message of reader.push(bytes.subarray(at, at + cut))) received.push([...message])
        at = Math.min(at + cut, bytes.length)
      }
      expect(received).toEqual(sent.map((message) => [...message]))
    }),
  )
})

test("messages that are too large or compressed are refused", () => {
  const large = frameMessage(new Uint8Array(11))
  expect(() => new MessageReader(10).push(large)).toThrow("received message larger than max (11 vs. 10)")
  large[0] = 1
  expect(() => new MessageReader(100).push(large)).toThrow("compressed messages are not supported")
})
