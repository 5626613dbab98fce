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

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The messages that `chunk` has completed. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#available += chunk.length
    const messages: Buffer[] = []
    while (this.#available >= prefixBytes) {
      const bytes = this.#joined()
      if (bytes[0] !== 0) throw new GrpcError(codes.unimplemented, "compressed messages are not supported")
      const length = bytes.readUInt32BE(1)
      if (length > this.#maxBytes)
        throw new GrpcError(codes.resourceExhausted, tooLarge(length, this.#maxBytes))
      const end = prefixBytes + length
      if (bytes.length < end) break
      messages.push(bytes.subarray(prefixBytes, end))
      this.#chunks = [bytes.subarray(end)]
      this.#available -= end
    }
    return messages
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }
}

function tooLarge(length: number, maxBytes: number): string {
  return `grpc: received message larger than max (${length} vs. ${maxBytes})`
}
