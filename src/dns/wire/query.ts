import {
  classInternet,
  codes,
  flags,
  headerLength,
  plainUdpSize,
  type ResponseCode,
  types,
} from "./constants.ts"

/** A question as it came. */
export interface Query {
  readonly id: number
  readonly flags: number
  /** In lower case, without the dot at the end; "" is the root. */
  readonly name: string
  readonly type: number
  /** The question's bytes, copied into answers: clients check that even the letters' case is theirs (0x20). */
  readonly question: Buffer
  readonly edns?: { readonly udpSize: number; readonly dnssecOk: boolean }
}

/** A message that cannot be answered as a question: with `code`, or not at all when it is not even a header. */
export interface BadQuery {
  readonly id: number
  readonly flags: number
  readonly code: ResponseCode | undefined
}

/** Reads a message of a client. Only questions with opcode QUERY, one question and class IN are good. */
export function parseQuery(message: Buffer): Query | BadQuery {
  if (message.length < headerLength) return { id: 0, flags: 0, code: undefined }
  const id = message.readUInt16BE(0)
  const bits = message.readUInt16BE(2)
  const bad = (code: ResponseCode | undefined): BadQuery => ({ id, flags: bits, code })
  // An answer to an answer would let two servers talk to each other for ever.
  if (bits & flags.response) return bad(undefined)
  if (bits & flags.opcode) return bad(codes.notImplemented)
  if (message.readUInt16BE(4) !== 1) return bad(codes.formatError)
  const name = parseName(message, headerLength)
  if (!name || name.end + 4 > message.length) return bad(codes.formatError)
  const type = message.readUInt16BE(name.end)
  if (message.readUInt16BE(name.end + 2) !== classInternet) return bad(codes.refused)
  const question = message.subarray(headerLength, name.end + 4)
  const edns = parseEdns(message, name.end + 4)
  if (edns === "bad") return bad(codes.formatError)
  if (edns && edns.version !== 0) return bad(codes.badVersion)
  return { id, flags: bits, name: name.text, type, question, ...(edns && { edns }) }
}

/**
 * Reads a name of the question section: labels, no pointers (there is nothing before it to point to). In names of
 * Kubernetes every byte is a letter, digit or dash; others are kept as they are.
 */
export function parseName(message: Buffer, start: number): { text: string; end: number } | undefined {
  let text = ""
  let offset = start
  for (;;) {
    const length = message[offset++]
    if (length === undefined || length > 63) return undefined
    if (length === 0) return { text, end: offset }
    if (offset + length > message.length || offset - start + length > 255) return undefined
    if (text !== "") text += "."
    text += message.toString("latin1", offset, offset + length).toLowerCase()
    offset += length
  }
}

interface Edns {
  readonly udpSize: number
  readonly dnssecOk: boolean
  readonly version: number
}

/** The OPT record that a client may put into the additional section, as the first and only record of a question. */
function parseEdns(message: Buffer, offset: number): Edns | undefined | "bad" {
  const additional = message.readUInt16BE(10)
  const others = message.readUInt16BE(6) + message.readUInt16BE(8)
  if (additional === 0 || others > 0) return undefined
  if (offset + 11 > message.length) return "bad"
  if (message[offset] !== 0 || message.readUInt16BE(offset + 1) !== types.OPT) return undefined
  return {
    udpSize: Math.max(message.readUInt16BE(offset + 3), plainUdpSize),
    version: message[offset + 6]!,
    dnssecOk: (message.readUInt16BE(offset + 7) & 0x8000) !== 0,
  }
}
