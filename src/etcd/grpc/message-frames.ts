/**
 * gRPC puts five bytes before each message: whether it is compressed (here never), and its length.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { codes, GrpcError } from "./grpc-status.ts"

const prefixBytes = 5

export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, prefixBytes)
  return frame
}

/** Cuts a stream of chunks into messages. */
export class MessageReader {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #available = 0
  /** So many bytes must be there before it is worth looking. */
  #needed = prefixBytes

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The messages that `chunk` has completed. They are views of what was received, and plain arrays of bytes. */
  push(chunk: Buffer): Uint8Array[] {
    this.#chunks.push(chunk)
    this.#available += chunk.length
    const messages: Uint8Array[] = []
    while (this.#available >= this.#needed) {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
      this.#needed = prefixBytes + this.#lengthOf(bytes)
      const complete = bytes.length >= this.#needed
      if (complete) messages.push(plainView(bytes, prefixBytes, this.#needed))
      const rest = complete ? bytes.subarray(this.#needed) : bytes
      this.#chunks = [rest]
      this.#available = rest.length
      if (!complete) break
      this.#needed = prefixBytes
    }
    return messages
  }

  #lengthOf(bytes: Buffer): number {
    if (bytes[0] !== 0) throw new GrpcError(codes.unimplemented, "compressed messages are not supported")
    const length = bytes.readUInt32BE(1)
    if (length > this.#maxBytes)
      throw new GrpcError(codes.resourceExhausted, tooLarge(length, this.#maxBytes))
    return length
  }
}

// Not a Buffer: its `slice` would not copy, and it equals no other array of bytes in comparisons by type.
function plainView(bytes: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

function tooLarge(length: number, maxBytes: number): string {
  return `grpc: received message larger than max (${length} vs. ${maxBytes})`
}
