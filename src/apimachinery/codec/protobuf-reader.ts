import { maxJsonDepth } from "./json.ts"

const decoder = new TextDecoder()
const doubles = new DataView(new ArrayBuffer(8))

export const wireVarint = 0
export const wireFixed64 = 1
export const wireBytes = 2
const wireStartGroup = 3
const wireEndGroup = 4
const wireFixed32 = 5

const endOfInput = () => new Error("unexpected EOF")

/** Reads protobuf that anybody may have sent: every length is checked, nesting has a limit. Errors have Go's words. */
export class ProtobufReader {
  readonly #bytes: Uint8Array
  position: number
  /** Where the message that is being read ends. */
  end: number
  #depth = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.position = 0
    this.end = bytes.length
  }

  /** Enters a length-delimited message; gives what `leave` needs. */
  enter(): number {
    const outer = this.end
    this.end = this.#length() + this.position
    if (++this.#depth > maxJsonDepth) throw new Error("proto: exceeded max depth")
    return outer
  }

  leave(outer: number): void {
    this.position = this.end
    this.end = outer
    this.#depth--
  }

  /** A field's number and wire type in one: number * 8 + type. */
  tag(): number {
    const tag = this.#byte()
    return tag < 128 ? tag : this.#longTag(tag)
  }

  #longTag(first: number): number {
    let tag = first & 127
    for (let scale = 128; ; scale *= 128) {
      const byte = this.#byte()
      tag += (byte & 127) * scale
      if (byte < 128) return tag
      if (scale > 2 ** 56) throw new Error("proto: integer overflow")
    }
  }

  /** A signed 64-bit integer; beyond 2^53 the nearest one that a double holds and that is still an int64. */
  integer(): number {
    const first = this.#byte()
    if (first < 128) return first
    let low = first & 127
    let high = 0
    for (let index = 1; ; index++) {
      const byte = this.#byte()
      const part = byte & 127
      if (index < 4) low |= part << (7 * index)
      else if (index === 4) {
        low |= part << 28
        high = part >>> 4
      } else if (index < 10) high |= part << (7 * index - 32)
      else throw new Error("proto: integer overflow")
      if (byte < 128) break
    }
    const value = (high | 0) * 0x1_0000_0000 + (low >>> 0)
    return value >= 2 ** 63 ? 2 ** 63 - 1024 : value
  }

  double(): number {
    const start = this.#skip(8)
    for (let index = 0; index < 8; index++) doubles.setUint8(index, this.#bytes[start + index]!)
    return doubles.getFloat64(0, true)
  }

  bytes(): Uint8Array {
    const length = this.#length()
    const start = this.#skip(length)
    return this.#bytes.subarray(start, start + length)
  }

  text(): string {
    const length = this.#length()
    const start = this.#skip(length)
    const bytes = this.#bytes
    if (length > 32) return decoder.decode(bytes.subarray(start, start + length))
    // Short plain text: cheaper by hand than a call out of the engine.
    let text = ""
    for (let index = start; index < start + length; index++) {
      const byte = bytes[index]!
      if (byte > 127) return decoder.decode(bytes.subarray(start, start + length))
      text += String.fromCharCode(byte)
    }
    return text
  }

  /** Passes over a field that nobody knows. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wireVarint:
        this.integer()
        return
      case wireFixed64:
        this.#skip(8)
        return
      case wireBytes:
        this.#skip(this.#length())
        return
      case wireFixed32:
        this.#skip(4)
        return
      case wireStartGroup:
        this.#skipGroup()
        return
      default:
        throw new Error(`proto: illegal wireType ${tag & 7}`)
    }
  }

  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const tag = this.tag()
      if ((tag & 7) === wireStartGroup) depth++
      else if ((tag & 7) === wireEndGroup) depth--
      else this.skip(tag)
    }
  }

  #byte(): number {
    if (this.position >= this.end) throw endOfInput()
    return this.#bytes[this.position++]!
  }

  #length(): number {
    const length = this.integer()
    if (length < 0) throw new Error("proto: negative length found during unmarshaling")
    if (length > this.end - this.position) throw endOfInput()
    return length
  }

  #skip(length: number): number {
    const start = this.position
    if (length > this.end - start) throw endOfInput()
    this.position = start + length
    return start
  }
}
