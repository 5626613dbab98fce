import type { Answer, DnsRecord } from "./answer.ts"
import { flags, headerLength, largestUdpSize, plainUdpSize } from "./constants.ts"
import { MessageWriter } from "./message-writer.ts"
import type { BadQuery, Query } from "./query.ts"

const writer = new MessageWriter()
const ednsLength = 11

/** How much a client can take of an answer by UDP. */
export function udpLimit({ edns }: Query): number {
  return edns ? Math.min(edns.udpSize, largestUdpSize) : plainUdpSize
}

/**
 * The answer as a message of at most `limit` bytes. What does not fit is left out: if it belongs to the answer itself, the
 * message says "truncated" and the client asks again by TCP; what was only meant to be helpful is just left out.
 */
export function encodeAnswer(query: Query, answer: Answer, limit: number): Buffer {
  writer.begin(query.question, query.name)
  const room = limit - (query.edns ? ednsLength : 0)
  const answers = writeRecords(answer.answers, room)
  const authority = answers === answer.answers.length ? writeRecords(answer.authority, room) : 0
  const truncated = answers + authority < answer.answers.length + answer.authority.length
  const additional = truncated ? 0 : writeRecords(answer.additional, room)
  if (query.edns) writer.edns(largestUdpSize, answer.code >> 4)
  return writer.finish({
    id: query.id,
    flags:
      flags.response |
      (answer.authoritative ? flags.authoritative : 0) |
      (truncated ? flags.truncated : 0) |
      (query.flags & copiedFlags) |
      flags.recursionAvailable |
      (answer.code & flags.code),
    questions: 1,
    answers,
    authority,
    additional: additional + (query.edns ? 1 : 0),
  })
}

const copiedFlags = flags.recursionDesired | flags.checkingDisabled

/**
 * A copy of a message of `encodeAnswer` for whoever asks the same, perhaps in other letters. The question is of the same
 * length, so that pointers to names in it still lead there.
 */
export function answerAgain(message: Buffer, query: Query): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(query.id, 0)
  copy.writeUInt16BE((copy.readUInt16BE(2) & ~copiedFlags) | (query.flags & copiedFlags), 2)
  query.question.copy(copy, headerLength)
  return copy
}

/** The message that says what is wrong with a question; undefined when nothing should be said. */
export function encodeRefusal(bad: BadQuery): Buffer | undefined {
  if (bad.code === undefined) return undefined
  const message = Buffer.alloc(headerLength + ednsLength)
  message.writeUInt16BE(bad.id, 0)
  message.writeUInt16BE(
    flags.response | (bad.flags & (flags.opcode | flags.recursionDesired)) | (bad.code & flags.code),
    2,
  )
  if (bad.code <= flags.code) return message.subarray(0, headerLength)
  message.writeUInt16BE(1, 10)
  message.set([0, 0, 41, largestUdpSize >> 8, largestUdpSize & 255, bad.code >> 4], headerLength)
  return message
}

function writeRecords(records: readonly DnsRecord[], limit: number): number {
  let written = 0
  for (const record of records) {
    if (!writer.record(record, limit)) break
    written++
  }
  return written
}
