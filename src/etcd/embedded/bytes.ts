/**
 * Writing and reading the store's own binary forms: numbers as LEB128 (7 bits a byte, lowest first), keys and values
 * behind their length.
 */

const largeBytes = 4 << 20

/** Bytes that grow at the end. */
export class ByteWriter {
  #buffer: Buffer
  #length = 0

  constructor(capacityBytes: number) {
    this.#buffer = Buffer.allocUnsafe(capacityBytes)
  }

  get length(): number {
    return this.#length
  }

  /** What has been written; valid until the next write or `reset`. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Starts anew, behind `reserved` bytes that the caller fills in later. */
  reset(reserved: number): void {
    // One huge group must not hold its memory for ever.
    if (this.#buffer.length > largeBytes) this.#buffer = Buffer.allocUnsafe(largeBytes)
    this.#length = reserved
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80
      rest = rest > 0x7fff_ffff ? Math.floor(rest / 0x80) : rest >>> 7
    }
    this.#buffer[this.#length++] = rest
  }

  /** A signed 64-bit number, in 8 bytes. */
  id(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length)
  }

  /** One character per byte. */
  text(value: string): void {
    this.number(value.length)
    this.#reserve(value.length)
    this.#length += this.#buffer.write(value, this.#length, "latin1")
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** Reads what a ByteWriter wrote. Throws RangeError where the bytes end too early. */
export class ByteReader {
  readonly #buffer: Buffer
  #position = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get atEnd(): boolean {
    return this.#position >= this.#buffer.length
  }

  byte(): number {
    const value = this.#buffer[this.#position]
    if (value === undefined) throw new RangeError("the bytes end too early")
    this.#position++
    return value
  }

  number(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  id(): bigint {
    return this.#take(8).readBigInt64LE()
  }

  text(): string {
    const length = this.number()
    return this.#take(length).toString("latin1")
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const view = this.#take(this.number())
    return new Uint8Array(view.buffer, view.byteOffset, view.length)
  }

  #take(length: number): Buffer {
    const start = this.#position
    if (start + length > this.#buffer.length) throw new RangeError("the bytes end too early")
    this.#position += length
    return this.#buffer.subarray(start, this.#position)
  }
}
