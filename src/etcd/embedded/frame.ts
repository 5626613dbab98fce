/**
 * A frame is what reaches the disk as a whole or counts as not written: one group of records, behind a header that says
 * how long it is, which one it is in the sequence, when it was written, and its checksum (CRC-32, over header and content).
 *
 *     0 magic   4 length   8 sequence   16 time (ms)   24 checksum   28 content ...
 */
import { crc32 } from "node:zlib"

export const frameHeaderBytes = 28
const magic = 0x4352_4f43
const checksumOffset = 24
/** More than any group of records: a longer length is damage, not something to allocate. */
const maxContentBytes = 2 ** 30

export interface Frame {
  readonly sequence: number
  readonly timeMs: number
  readonly content: Buffer
}

/** Fills in the header of `frame`, whose first `frameHeaderBytes` were left free. */
export function sealFrame(frame: Buffer, sequence: number, timeMs: number): void {
  frame.writeUInt32LE(magic, 0)
  frame.writeUInt32LE(frame.length - frameHeaderBytes, 4)
  frame.writeDoubleLE(sequence, 8)
  frame.writeDoubleLE(timeMs, 16)
  frame.writeUInt32LE(checksum(frame), checksumOffset)
}

/** What stands at a place where a frame should start. `missingBytes`: it is longer than the buffer by so much. */
export type FrameResult =
  | { readonly is: "frame"; readonly frame: Frame; readonly lengthBytes: number }
  | { readonly is: "nothing" }
  | { readonly is: "incomplete"; readonly missingBytes: number }
  | { readonly is: "broken"; readonly why: string }

export function readFrame(buffer: Buffer, offset: number): FrameResult {
  const available = buffer.length - offset
  if (available < frameHeaderBytes) {
    const blank = buffer.subarray(offset).every((byte) => byte === 0)
    return blank ? { is: "nothing" } : { is: "incomplete", missingBytes: frameHeaderBytes - available }
  }
  const found = buffer.readUInt32LE(offset)
  if (found === 0 && isBlank(buffer, offset, offset + frameHeaderBytes)) return { is: "nothing" }
  if (found !== magic) return { is: "broken", why: "no frame starts here" }
  const contentBytes = buffer.readUInt32LE(offset + 4)
  if (contentBytes > maxContentBytes) return { is: "broken", why: "the frame's length is impossible" }
  const lengthBytes = frameHeaderBytes + contentBytes
  if (lengthBytes > available) return { is: "incomplete", missingBytes: lengthBytes - available }
  const whole = buffer.subarray(offset, offset + lengthBytes)
  if (whole.readUInt32LE(checksumOffset) !== checksum(whole))
    return { is: "broken", why: "the frame's checksum does not match" }
  const content = whole.subarray(frameHeaderBytes)
  const frame = { sequence: whole.readDoubleLE(8), timeMs: whole.readDoubleLE(16), content }
  return { is: "frame", frame, lengthBytes }
}

/** Whether a whole frame starts anywhere from `offset` on. For telling a torn end from damage in the middle. */
export function hasFrameAfter(buffer: Buffer, offset: number): boolean {
  const start = Buffer.alloc(4)
  start.writeUInt32LE(magic)
  for (let at = buffer.indexOf(start, offset); at !== -1; at = buffer.indexOf(start, at + 1))
    if (readFrame(buffer, at).is === "frame") return true
  return false
}

export function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (buffer[index] !== 0) return false
  return true
}

function checksum(frame: Buffer): number {
  return crc32(frame.subarray(frameHeaderBytes), crc32(frame.subarray(0, checksumOffset)))
}
