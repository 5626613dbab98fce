/** SPDY/3.1 on the wire (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/, 2.2). */
export type Frame = DataPiece | ControlFrame

/** A data frame, or a piece of one: frames are passed on as they arrive, not collected. */
export interface DataPiece {
  readonly kind: "data"
  readonly streamId: number
  readonly bytes: Buffer
  /** The stream ends after this piece. */
  readonly isLast: boolean
}

export interface ControlFrame {
  readonly kind: "control"
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

export const controlTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const flags = { fin: 0x01, unidirectional: 0x02 } as const

export const resetReasons = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
} as const

/** A control frame is kept whole in memory. */
const maxControlBytes = 64 * 1024

/** Takes bytes as they come and gives the frames in them. Throws when the bytes are not SPDY/3. */
export async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, void> {
  let rest: Buffer = Buffer.alloc(0)
  let data: { streamId: number; isLast: boolean; missing: number } | undefined
  for await (const chunk of chunks) {
    let buffer: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (;;) {
      if (data) {
        const bytes = buffer.subarray(0, data.missing)
        buffer = buffer.subarray(bytes.length)
        data.missing -= bytes.length
        yield { kind: "data", streamId: data.streamId, bytes, isLast: data.isLast && data.missing === 0 }
        if (data.missing > 0) break
        data = undefined
      }
      if (buffer.length < 8) break
      const length = buffer.readUIntBE(5, 3)
      const first = buffer.readUInt32BE(0)
      if (first < 0x80000000) {
        data = { streamId: first, isLast: (buffer[4]! & flags.fin) !== 0, missing: length }
        buffer = buffer.subarray(8)
        continue
      }
      checkControl(first, length)
      if (buffer.length < 8 + length) break
      const payload = buffer.subarray(8, 8 + length)
      yield { kind: "control", type: first & 0xffff, flags: buffer[4]!, payload }
      buffer = buffer.subarray(8 + length)
    }
    rest = buffer
  }
}

function checkControl(first: number, length: number): void {
  const version = (first >>> 16) & 0x7fff
  if (version !== 3) throw new Error(`SPDY: the peer speaks version ${version}, not 3`)
  if (length > maxControlBytes) throw new Error(`SPDY: a control frame of ${length} bytes is too large`)
}

export function dataHeader(streamId: number, length: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32BE(streamId, 0)
  header[4] = isLast ? flags.fin : 0
  header.writeUIntBE(length, 5, 3)
  return header
}

function control(type: number, frameFlags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(0x8003, 0)
  header.writeUInt16BE(type, 2)
  header[4] = frameFlags
  header.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([header, payload])
}

export function synStream(streamId: number, block: Buffer, isLast: boolean): Buffer {
  const start = Buffer.alloc(10)
  start.writeUInt32BE(streamId, 0)
  return control(controlTypes.synStream, isLast ? flags.fin : 0, Buffer.concat([start, block]))
}

export function synReply(streamId: number, block: Buffer): Buffer {
  return control(controlTypes.synReply, 0, Buffer.concat([uint32(streamId), block]))
}

export function rstStream(streamId: number, reason: number): Buffer {
  return control(controlTypes.rstStream, 0, Buffer.concat([uint32(streamId), uint32(reason)]))
}

export function ping(id: number): Buffer {
  return control(controlTypes.ping, 0, uint32(id))
}

export function goAway(lastStreamId: number): Buffer {
  return control(controlTypes.goAway, 0, Buffer.concat([uint32(lastStreamId), uint32(0)]))
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
