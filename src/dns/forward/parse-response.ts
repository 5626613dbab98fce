import { codes, flags, headerLength, types } from "../wire/constants.ts"

/** What must be known of another server's answer to keep it. */
export interface ResponseFacts {
  readonly code: number
  readonly truncated: boolean
  /** Where the times to live are written, so that they can be counted down. */
  readonly ttlOffsets: readonly number[]
  /** How long it may be kept: the shortest of its records, or for "no" what the zone's owner says. */
  readonly ttlSeconds: number
}

/** Reads another server's answer; undefined when it is not well formed. */
export function parseResponse(message: Buffer): ResponseFacts | undefined {
  if (message.length < headerLength) return undefined
  const bits = message.readUInt16BE(2)
  let offset: number | undefined = headerLength
  for (let question = message.readUInt16BE(4); question > 0; question--) {
    offset = skipName(message, offset)
    if (offset === undefined) return undefined
    offset += 4
  }
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  const ttlOffsets: number[] = []
  let ttlSeconds = Number.POSITIVE_INFINITY
  for (let record = 0; record < records; record++) {
    const fixed = skipName(message, offset)
    if (fixed === undefined || fixed + 10 > message.length) return undefined
    const type = message.readUInt16BE(fixed)
    const end: number = fixed + 10 + message.readUInt16BE(fixed + 8)
    if (end > message.length) return undefined
    if (type !== types.OPT) {
      ttlOffsets.push(fixed + 4)
      ttlSeconds = Math.min(ttlSeconds, message.readUInt32BE(fixed + 4))
      // The last field of a SOA record limits how long "no" holds (RFC 2308).
      if (type === types.SOA && end - fixed >= 30)
        ttlSeconds = Math.min(ttlSeconds, message.readUInt32BE(end - 4))
    }
    offset = end
  }
  const code = bits & flags.code
  return {
    code,
    truncated: (bits & flags.truncated) !== 0,
    ttlOffsets,
    ttlSeconds: Number.isFinite(ttlSeconds) ? ttlSeconds : code === codes.serverFailure ? 5 : 0,
  }
}

function skipName(message: Buffer, start: number | undefined): number | undefined {
  let offset = start
  while (offset !== undefined && offset < message.length) {
    const length = message[offset]!
    if (length === 0) return offset + 1
    if (length >= 0xc0) return offset + 2
    offset += length + 1
  }
  return undefined
}
