import { expect, it } from "vitest"
import type { Answer, DnsRecord } from "./answer.ts"
import { codes, types } from "./constants.ts"
import { encodeAnswer } from "./encode-answer.ts"
import { EncodedAnswers } from "./encoded-answers.ts"
import { encodeQuery } from "./encode-query.ts"
import type { Query } from "./query.ts"

const name = "web.default.svc.cluster.local"
const records = [1, 2, 3].map(
  (last): DnsRecord => ({ name, ttlSeconds: 30, type: "A", address: `10.244.0.${last}` }),
)
const answer: Answer = {
  code: codes.noError,
  authoritative: true,
  answers: records,
  authority: [],
  additional: [],
}
const { query } = encodeQuery(name, types.A)

it("gives what is written anew, for whoever asks in whatever letters and with whatever flags", () => {
  const encoded = new EncodedAnswers()
  const shouting = encodeQuery(name.toUpperCase(), types.A).query
  const askers: Query[] = [
    query,
    { ...query, id: 4711 },
    { ...shouting, id: 99, flags: 0x0110 },
    { ...query, flags: 0 },
    { ...query, edns: { udpSize: 1232, dnssecOk: false } },
    { ...shouting, edns: { udpSize: 1232, dnssecOk: true } },
  ]
  for (const limit of [512, 70, 1232])
    for (const asker of askers)
      for (const turn of [0, 1, 2, 3, 4]) {
        const start = turn % 3
        const rotated = { ...answer, answers: [...records.slice(start), ...records.slice(0, start)] }
        const expected = encodeAnswer(asker, rotated, limit).toString("hex")
        expect(encoded.encode(asker, answer, turn, limit).toString("hex")).toBe(expected)
      }
})

it("never gives the same bytes to two: whoever has them may change them", () => {
  const encoded = new EncodedAnswers()
  const first = encoded.encode(query, answer, 0, 512)
  const expected = Buffer.from(first)
  encoded.encode(query, answer, 0, 512).fill(0)
  expect(encoded.encode(query, answer, 0, 512)).toEqual(expected)
})

it("knows nothing of an answer that was replaced", () => {
  const encoded = new EncodedAnswers()
  encoded.encode(query, answer, 0, 512)
  const fewer = { ...answer, answers: records.slice(0, 1) }
  expect(encoded.encode(query, fewer, 0, 512)).toEqual(encodeAnswer(query, fewer, 512))
})
