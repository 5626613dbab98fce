import { utf8Length } from "../../base/utf8.ts"

const encoder = new TextEncoder()
const doubles = new DataView(new ArrayBuffer(8))

/**
 * Writes protobuf from the last byte to the first. A message's length stands before it, and is known for free once the
 * message has been written; so nothing is measured in advance and nothing is copied. The price: fields are written in
 * descending order, and a value before its length before its tag.
 *
 * @example
 * const end = writer.length
 * writer.text("web")
 * writer.varint(writer.length - end)
 * writer.byte(tag)
 */
export class BackwardWriter {
  #bytes = new Uint8Array(8192)
  /** Where the last written byte is; what lies before it is free. */
  #start = 8192

  /** How much has been written. */
  get length(): number {
    return this.#bytes.length - this.#start
  }

  /** The bytes, copied; the writer is empty afterwards and may be used again. */
  finish(): Uint8Array {
    const result = this.#bytes.slice(this.#start)
    // One huge object must not hold its memory for ever.
    if (this.#bytes.length > 1 << 20) this.#bytes = new Uint8Array(8192)
    this.#start = this.#bytes.length
    return result
  }

  byte(value: number): void {
    if (this.#start < 1) this.#grow(1)
    this.#bytes[--this.#start] = value
  }

  /** A whole number from 0 to 2^53, or a negative one: those take ten bytes. */
  varint(value: number): void {
    if (value >= 0 && value < 128) return this.byte(value)
    const length = value < 0 ? 10 : varintLength(value)
    if (this.#start < length) this.#grow(length)
    this.#start -= length
    let position = this.#start
    let low = value >= 0 ? value % 0x1_0000_0000 : Number(BigInt.asUintN(32, BigInt(value)))
    let high =
      value >= 0 ? Math.floor(value / 0x1_0000_0000) : Number(BigInt.asUintN(64, BigInt(value)) >> 32n)
    while (high > 0 || low > 127) {
      this.#bytes[position++] = (low & 127) | 128
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#bytes[position] = low
  }

  double(value: number): void {
    if (this.#start < 8) this.#grow(8)
    this.#start -= 8
    doubles.setFloat64(0, value, true)
    for (let index = 0; index < 8; index++) this.#bytes[this.#start + index] = doubles.getUint8(index)
  }

  bytes(value: Uint8Array): void {
    if (this.#start < value.length) this.#grow(value.length)
    this.#start -= value.length
    this.#bytes.set(value, this.#start)
  }

  text(value: string): void {
    const length = value.length
    if (this.#start < length) this.#grow(length)
    if (length < 48) {
      // Most texts are short and plain: cheaper by hand than a call out of the engine.
      const bytes = this.#bytes
      let position = this.#start
      let index = length
      while (index > 0) {
        const unit = value.charCodeAt(index - 1)
        if (unit > 127) break
        bytes[--position] = unit
        index--
      }
      if (index === 0) {
        this.#start = position
        return
      }
    }
    const size = utf8Length(value)
    if (this.#start < size) this.#grow(size)
    this.#start -= size
    encoder.encodeInto(value, this.#bytes.subarray(this.#start, this.#start + size))
  }

  #grow(needed: number): void {
    const used = this.length
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, used + needed))
    grown.set(this.#bytes.subarray(this.#start), grown.length - used)
    this.#start = grown.length - used
    this.#bytes = grown
  }
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++
  return length
}
