/**
 * Protocol Buffers (proto3) by tables. A message is described once, as a table of fields, against a TypeScript interface;
 * the table is checked against the interface, so neither can drift:
 *
 * @example
 * interface PodIP { ip: string; port?: number }
 * const PodIP = message<PodIP>({ ip: [1, string], port: [2, optional(uint32)] })
 * PodIP.decode(PodIP.encode({ ip: "10.0.0.1" })) // { ip: "10.0.0.1" }
 *
 * Absent fields decode to their zero value, except those marked `optional` (and messages), which stay undefined. Zero
 * values are not written, nor are fields that the table does not name; unknown fields are skipped. 64-bit integers are
 * JavaScript numbers: beyond 2^53 they lose their last digits (nanosecond timestamps are exact to half a microsecond).
 *
 * Wire format: https://protobuf.dev/programming-guides/encoding/
 */
export interface Codec<T> {
  readonly encode: (value: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => T
}

/** How one field's value travels. */
export interface FieldType<T> {
  /** Writes the field with its tag, or nothing when it holds its zero value. */
  write(writer: Writer, number: number, value: T): void
  /** Reads one occurrence; `previous` is what earlier occurrences gave (repeated fields and maps collect in it). */
  read(reader: Reader, wire: number, previous: T | undefined): T
  /** The value of an absent field; undefined for optional fields. Made anew for each message. */
  zero(): T | undefined
}

type FieldEntry<T> = undefined extends T
  ? readonly [number, FieldType<T> & { readonly isOptional: true }]
  : readonly [number, FieldType<T> & { readonly isOptional?: never }]

export type Table<T> = { readonly [K in keyof Required<T>]: FieldEntry<T[K]> }

export interface MessageType<T> extends Codec<T>, FieldType<T | undefined> {
  readonly isOptional: true
  writeFields(writer: Writer, value: T): void
  readFields(reader: Reader, end: number): T
}

const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

/** Describes a message. `table` may be a function where messages contain each other. */
export function message<T extends object>(table: Table<T> | (() => Table<T>)): MessageType<T> {
  let compiled: Compiled | undefined
  const fields = () => (compiled ??= compile(typeof table === "function" ? table() : table))

  function writeFields(writer: Writer, value: T): void {
    for (const { name, number, type } of fields().list) {
      const field = (value as Record<string, unknown>)[name]
      if (field !== undefined && field !== null) type.write(writer, number, field)
    }
  }

  function readFields(reader: Reader, end: number): T {
    const { list, byNumber } = fields()
    const value: Record<string, unknown> = {}
    for (const { name, type } of list) {
      const zero = type.zero()
      if (zero !== undefined) value[name] = zero
    }
    while (reader.position < end) {
      const tag = reader.varint()
      const field = byNumber.get(Math.floor(tag / 8))
      if (field) value[field.name] = field.type.read(reader, tag & 7, value[field.name])
      else reader.skip(tag & 7)
    }
    return value as T
  }

  return {
    isOptional: true,
    writeFields,
    readFields,
    encode(value) {
      const writer = new Writer()
      writeFields(writer, value)
      return writer.finish()
    },
    decode: (bytes) => readFields(new Reader(bytes), bytes.length),
    write(writer, number, value) {
      if (value === undefined) return
      writer.tag(number, lengthDelimited)
      writer.delimited((inner) => writeFields(inner, value))
    },
    read(reader) {
      const length = reader.varint()
      return readFields(reader, reader.position + length)
    },
    zero: () => undefined,
  }
}

interface CompiledField {
  readonly name: string
  readonly number: number
  readonly type: FieldType<unknown>
}

interface Compiled {
  readonly list: readonly CompiledField[]
  readonly byNumber: ReadonlyMap<number, CompiledField>
}

function compile(table: object): Compiled {
  const list = Object.entries(table as Record<string, readonly [number, FieldType<unknown>]>).map(
    ([name, [number, type]]) => ({ name, number, type }),
  )
  return { list, byNumber: new Map(list.map((field) => [field.number, field])) }
}

// ---------------------------------------------------------------------------------------------------------------------
// Field types
// ---------------------------------------------------------------------------------------------------------------------

/** A scalar: `put` and `take` move the bare value; `wire` says how it is framed. */
interface Scalar<T> extends FieldType<T> {
  readonly wire: number
  put(writer: Writer, value: T): void
  take(reader: Reader): T
  readonly isOptional?: never
}

function scalar<T>(
  wire: number,
  zero: T,
  put: (writer: Writer, value: T) => void,
  take: (reader: Reader) => T,
  isZero: (value: T) => boolean = (value) => value === zero,
): Scalar<T> {
  return {
    wire,
    put,
    take,
    write(writer, number, value) {
      if (isZero(value)) return
      writer.tag(number, wire)
      put(writer, value)
    },
    read: (reader) => take(reader),
    zero: () => zero,
  }
}

export const string: Scalar<string> = scalar(
  lengthDelimited,
  "",
  (writer, value) => writer.text(value),
  (reader) => reader.text(),
)

export const bytes: Scalar<Uint8Array> = scalar<Uint8Array>(
  lengthDelimited,
  new Uint8Array(),
  (writer, value) => writer.bytes(value),
  (reader) => reader.bytes(),
  (value) => value.length === 0,
)

export const bool: Scalar<boolean> = scalar(
  varint,
  false,
  (writer, value) => writer.varint(value ? 1 : 0),
  (reader) => reader.varint() !== 0,
)

/** int32 and int64: negative numbers take ten bytes. */
export const integer: Scalar<number> = scalar(
  varint,
  0,
  (writer, value) => writer.varint(value),
  (reader) => reader.signedVarint(),
)

/** uint32 and uint64. */
export const unsigned: Scalar<number> = scalar(
  varint,
  0,
  (writer, value) => writer.varint(value),
  (reader) => reader.varint(),
)

/** int64 where every bit counts. */
export const bigInteger: Scalar<bigint> = scalar(
  varint,
  0n,
  (writer, value) => writer.bigVarint(value),
  (reader) => BigInt.asIntN(64, reader.bigVarint()),
)

/** `bytes` as a string with one character per byte (latin1). */
export const binaryString: Scalar<string> = scalar(
  lengthDelimited,
  "",
  (writer, value) => writer.binaryString(value),
  (reader) => reader.binaryString(),
)

export const double: Scalar<number> = scalar(
  fixed64,
  0,
  (writer, value) => writer.double(value),
  (reader) => reader.double(),
)

/** An enum as its names: the object maps each name to its number. Unknown numbers read as the name with number 0. */
export function enumOf<const E extends Readonly<Record<string, number>>>(
  values: E,
): Scalar<Extract<keyof E, string>> {
  type Name = Extract<keyof E, string>
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name as Name]))
  const zero = names.get(0)!
  return scalar<Name>(
    varint,
    zero,
    (writer, value) => writer.varint(values[value]!),
    (reader) => names.get(reader.varint()) ?? zero,
  )
}

/** Stays undefined when absent. A scalar's zero is then a value of its own and is written (proto3 `optional`). */
export function optional<T>(
  type: FieldType<T> & { readonly isOptional?: never },
): FieldType<T | undefined> & { readonly isOptional: true } {
  const bare = "put" in type ? (type as Scalar<T>) : undefined
  return {
    isOptional: true,
    write(writer, number, value) {
      if (value === undefined) return
      if (!bare) return type.write(writer, number, value)
      writer.tag(number, bare.wire)
      bare.put(writer, value)
    },
    read: (reader, wire, previous) => type.read(reader, wire, previous),
    zero: () => undefined,
  }
}

/** A message that is always there: when absent it reads as one with every field at zero. */
export function present<T extends object>(
  type: MessageType<T>,
): FieldType<T> & { readonly isOptional?: never } {
  return {
    write: (writer, number, value) => type.write(writer, number, value),
    read: (reader, wire) => type.read(reader, wire, undefined) as T,
    zero: () => type.decode(new Uint8Array()),
  }
}

/** `google.protobuf.Int64Value` and its like: a message that holds one value in field 1. */
export function wrapped<T>(type: Scalar<T>): FieldType<T | undefined> & { readonly isOptional: true } {
  return {
    isOptional: true,
    write(writer, number, value) {
      if (value === undefined) return
      writer.tag(number, lengthDelimited)
      writer.delimited((inner) => type.write(inner, 1, value))
    },
    read(reader) {
      const end = reader.varint() + reader.position
      let value = type.zero() as T
      while (reader.position < end) {
        const tag = reader.varint()
        if (tag >>> 3 === 1) value = type.take(reader)
        else reader.skip(tag & 7)
      }
      return value
    },
    zero: () => undefined,
  }
}

/** Numbers are written packed, as proto3 does, and read either way. */
export function repeated<T>(type: Scalar<T> | MessageType<T & object>): FieldType<T[]> & {
  readonly isOptional?: never
} {
  const isPacked = "put" in type && type.wire !== lengthDelimited
  return {
    write(writer, number, values) {
      if (isPacked && values.length > 0) {
        writer.tag(number, lengthDelimited)
        writer.delimited((inner) => {
          for (const value of values) type.put(inner, value)
        })
        return
      }
      for (const value of values) {
        if ("put" in type) {
          writer.tag(number, type.wire)
          type.put(writer, value)
        } else (type as FieldType<T>).write(writer, number, value)
      }
    },
    read(reader, wire, previous) {
      const values = previous ?? []
      if (isPacked && wire === lengthDelimited) {
        const end = reader.varint() + reader.position
        while (reader.position < end) values.push(type.take(reader))
      } else values.push((type as FieldType<T>).read(reader, wire, undefined))
      return values
    },
    zero: () => [],
  }
}

/** `map<string, string>`. Keys are written in order, so that equal maps are equal bytes. */
export const stringMap: FieldType<Record<string, string>> & { readonly isOptional?: never } = {
  write(writer, number, map) {
    for (const key of Object.keys(map).sort()) {
      writer.tag(number, lengthDelimited)
      writer.delimited((inner) => {
        string.write(inner, 1, key)
        string.write(inner, 2, map[key]!)
      })
    }
  },
  read(reader, _wire, previous) {
    const map = previous ?? {}
    const end = reader.varint() + reader.position
    let key = ""
    let value = ""
    while (reader.position < end) {
      const tag = reader.varint()
      if (tag >>> 3 === 1) key = reader.text()
      else if (tag >>> 3 === 2) value = reader.text()
      else reader.skip(tag & 7)
    }
    map[key] = value
    return map
  },
  zero: () => ({}),
}

// ---------------------------------------------------------------------------------------------------------------------
// Bytes
// ---------------------------------------------------------------------------------------------------------------------

const encoder = new TextEncoder()
const decoder = new TextDecoder()

// Memory to write in, handed from one message to the next: most messages then cost one allocation, of their own size.
let scratch: Uint8Array | undefined
const largeScratchBytes = 1 << 20

export class Writer {
  #bytes: Uint8Array
  #length = 0

  constructor() {
    this.#bytes = scratch ?? new Uint8Array(4096)
    scratch = undefined
  }

  /** What was written. The writer is of no use afterwards. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length)
    if (this.#bytes.length <= largeScratchBytes) scratch = this.#bytes
    this.#bytes = written
    return written
  }

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire)
  }

  varint(value: number): void {
    this.#reserve(10)
    if (value < 0) return this.bigVarint(BigInt(value))
    this.#length = this.#putVarint(value, this.#length)
  }

  bigVarint(value: bigint): void {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, value)
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) | 128
    this.#bytes[this.#length++] = Number(rest)
  }

  double(value: number): void {
    this.#reserve(8)
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true)
    this.#length += 8
  }

  text(value: string): void {
    this.bytes(encoder.encode(value))
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  binaryString(value: string): void {
    this.varint(value.length)
    this.#reserve(value.length)
    for (let index = 0; index < value.length; index++) this.#bytes[this.#length++] = value.charCodeAt(index)
  }

  /** What `write` writes, after its length. */
  delimited(write: (inner: Writer) => void): void {
    // The length is known last: one byte is kept free for it, and the content moves if it needs more.
    const start = this.#length
    this.#reserve(1)
    this.#length++
    write(this)
    const length = this.#length - start - 1
    const shift = varintBytes(length) - 1
    this.#reserve(shift)
    if (shift > 0) this.#bytes.copyWithin(start + 1 + shift, start + 1, this.#length)
    this.#putVarint(length, start)
    this.#length += shift
  }

  /** Returns where it ends. There must be room. */
  #putVarint(value: number, position: number): number {
    let rest = value
    let at = position
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[at++] = (rest % 128) | 128
    this.#bytes[at++] = rest
    return at
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

export class Reader {
  readonly #bytes: Uint8Array
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#next()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  signedVarint(): number {
    const start = this.position
    const value = this.varint()
    if (value < 2 ** 63) return value
    // Ten bytes with the sign bit set: the sum above is beyond exact numbers, so read it again with BigInt.
    let big = 0n
    for (let index = start, shift = 0n; index < this.position; index++, shift += 7n) {
      big |= BigInt(this.#bytes[index]! & 127) << shift
    }
    return Number(BigInt.asIntN(64, big))
  }

  bigVarint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#next()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }

  double(): number {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.position, 8)
    this.position += 8
    return view.getFloat64(0, true)
  }

  text(): string {
    return decoder.decode(this.bytes())
  }

  bytes(): Uint8Array {
    const length = this.varint()
    if (this.position + length > this.#bytes.length) throw truncated(this.position, length)
    const start = this.position
    this.position += length
    return this.#bytes.subarray(start, this.position)
  }

  binaryString(): string {
    const bytes = this.bytes()
    let text = ""
    for (let index = 0; index < bytes.length; index++) text += String.fromCharCode(bytes[index]!)
    return text
  }

  skip(wire: number): void {
    if (wire === varint) this.varint()
    else if (wire === fixed64) this.position += 8
    else if (wire === lengthDelimited) this.bytes()
    else if (wire === fixed32) this.position += 4
    else throw new Error(`protobuf: wire type ${wire} at byte ${this.position} is not supported`)
  }

  #next(): number {
    const byte = this.#bytes[this.position++]
    if (byte === undefined) throw truncated(this.position - 1, 1)
    return byte
  }
}

function truncated(position: number, length: number): Error {
  return new Error(`protobuf: message ends early: ${length} more bytes wanted at byte ${position}`)
}
