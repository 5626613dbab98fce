/** Messages in a TCP stream: each after its length in two bytes (RFC 1035 4.2.2). */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2)
  framed.writeUInt16BE(message.length, 0)
  message.copy(framed, 2)
  return framed
}

/** Puts messages together from the pieces that a stream brings. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void
  #pending: Buffer = Buffer.alloc(0)

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage
  }

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk
    while (this.#pending.length >= 2) {
      const end = this.#pending.readUInt16BE(0) + 2
      if (this.#pending.length < end) return
      const message = this.#pending.subarray(2, end)
      this.#pending = this.#pending.subarray(end)
      this.#onMessage(message)
    }
  }
}
