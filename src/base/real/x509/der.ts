/**
 * DER, the encoding of certificates: every value is a tag, a length and its content (X.690). Written back to front as
 * values within values, read as a tree. Only what X.509 uses.
 */

export interface DerValue {
  /** Class and number in one byte, as on the wire: 0x30 SEQUENCE, 0x06 OBJECT IDENTIFIER, 0xa3 [3]. */
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content as they stand in the input. */
  readonly bytes: Uint8Array
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

export function encode(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const content of contents) length += content.length
  const head = [tag, ...encodeLength(length)]
  const out = new Uint8Array(head.length + length)
  out.set(head)
  let offset = head.length
  for (const content of contents) {
    out.set(content, offset)
    offset += content.length
  }
  return out
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff)
  return [0x80 | bytes.length, ...bytes]
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encode(tags.sequence, ...parts)
export const set = (...parts: readonly Uint8Array[]): Uint8Array => encode(tags.set, ...parts)
export const octetString = (content: Uint8Array): Uint8Array => encode(tags.octetString, content)
export const nothing = (): Uint8Array => encode(tags.null)
export const boolean = (value: boolean): Uint8Array => encode(tags.boolean, Uint8Array.of(value ? 0xff : 0))
/** [number], holding whole values. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  encode(0xa0 | number, ...parts)
/** [number] IMPLICIT, holding bytes. */
export const taggedBytes = (number: number, content: Uint8Array): Uint8Array => encode(0x80 | number, content)
export const bitString = (content: Uint8Array, unusedBits = 0): Uint8Array =>
  encode(tags.bitString, Uint8Array.of(unusedBits), content)
export const utf8String = (text: string): Uint8Array =>
  encode(tags.utf8String, new TextEncoder().encode(text))

/** A positive number, most significant byte first. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const magnitude = bytes.subarray(start)
  // A leading one bit would read as a minus sign.
  return (magnitude[0] ?? 0) & 0x80
    ? encode(tags.integer, Uint8Array.of(0), magnitude)
    : encode(tags.integer, magnitude)
}

/** "2.5.29.17" */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc & 0x7f]
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      group.unshift(0x80 | (high & 0x7f))
    bytes.push(...group)
  }
  return encode(tags.objectIdentifier, Uint8Array.from(bytes))
}

/** Whole seconds. UTCTime until 2049 and GeneralizedTime after, as RFC 5280 4.1.2.5 demands. */
export function timestamp(timeMs: number): Uint8Array {
  const digits = new Date(timeMs).toISOString().replace(/\.\d+|[-:T]/g, "")
  const beforeTwentyFifty = timeMs < Date.UTC(2050, 0, 1)
  const text = beforeTwentyFifty ? digits.slice(2) : digits
  return encode(beforeTwentyFifty ? tags.utcTime : tags.generalizedTime, new TextEncoder().encode(text))
}

/** Throws when `bytes` is not one well-formed value. */
export function decode(bytes: Uint8Array): DerValue {
  const { value, end } = decodeAt(bytes, 0)
  if (end !== bytes.length) throw new Error(`DER: ${bytes.length - end} bytes after the end of the value`)
  return value
}

/** The values within a SEQUENCE, a SET or a [number]. */
export function children(value: DerValue): DerValue[] {
  const found: DerValue[] = []
  for (let offset = 0; offset < value.content.length; ) {
    const { value: child, end } = decodeAt(value.content, offset)
    found.push(child)
    offset = end
  }
  return found
}

function decodeAt(bytes: Uint8Array, start: number): { value: DerValue; end: number } {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) throw new Error("asn1: syntax error: data truncated")
  let offset = start + 2
  let length = first
  if (first & 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4) throw new Error(`DER: a length of ${count} bytes is not supported`)
    length = 0
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[offset++] ?? 0)
  }
  const end = offset + length
  if (end > bytes.length) throw new Error("asn1: syntax error: data truncated")
  return { value: { tag, content: bytes.subarray(offset, end), bytes: bytes.subarray(start, end) }, end }
}

export function readObjectIdentifier(value: DerValue): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(arc / 40), 2)
      arcs.push(first, arc - first * 40)
    } else arcs.push(arc)
    arc = 0
  }
  return arcs.join(".")
}

export function readText(value: DerValue): string {
  return new TextDecoder().decode(value.content)
}

/** Milliseconds since the epoch. */
export function readTimestamp(value: DerValue): number {
  const text = readText(value)
  const digits = value.tag === tags.utcTime ? (Number(text.slice(0, 2)) >= 50 ? "19" : "20") + text : text
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits)
  if (!match) throw new Error(`DER: ${text} is not a time`)
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
