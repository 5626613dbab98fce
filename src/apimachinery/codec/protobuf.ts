import { formatGroupVersion, type GroupVersionKind, ListMeta } from "../meta.ts"
import type { ObjectSchema } from "../schema.ts"
import type { JsonRecord } from "../schema-plan.ts"
import { decodeMessage } from "./protobuf-decoder.ts"
import { encodeMessage } from "./protobuf-encoder.ts"
import { ProtobufReader } from "./protobuf-reader.ts"
import { BackwardWriter } from "./protobuf-writer.ts"

/**
 * `application/vnd.kubernetes.protobuf` (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding): an
 * object's message inside an envelope, `runtime.Unknown`, that says what it is, after the four bytes `k8s\0`.
 */
export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The object's message. */
  readonly raw: Uint8Array
  /** "" for protobuf; else the media type of `raw`. */
  readonly contentType: string
}

export { decodeMessage, encodeMessage }

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00)

export function encodeEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const writer = new BackwardWriter()
  // contentType and contentEncoding are plain Go strings: written although empty.
  writer.bytes(Uint8Array.of(0x1a, 0, 0x22, 0))
  writer.bytes(raw)
  writer.varint(raw.length)
  writer.byte(0x12)
  const end = writer.length
  writeText(writer, 0x12, kind)
  writeText(writer, 0x0a, apiVersion)
  writer.varint(writer.length - end)
  writer.byte(0x0a)
  writer.bytes(magic)
  return writer.finish()
}

/** How the envelope of every object of this type begins. */
export function envelopePrefix(apiVersion: string, kind: string): Uint8Array {
  const whole = encodeEnvelope(apiVersion, kind, new Uint8Array())
  // Behind it come the message, which is empty here, and the two empty texts.
  return whole.subarray(0, whole.length - 6)
}

function writeText(writer: BackwardWriter, tag: number, text: string): void {
  const end = writer.length
  writer.text(text)
  writer.varint(writer.length - end)
  writer.byte(tag)
}

/** Throws Error if the bytes are no envelope. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (!hasEnvelope(bytes)) {
    throw new Error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
  }
  const reader = new ProtobufReader(bytes.subarray(magic.length))
  let [apiVersion, kind, contentType, contentEncoding] = ["", "", "", ""]
  let raw = new Uint8Array()
  while (reader.position < reader.end) {
    const tag = reader.tag()
    if (tag === 0x0a) [apiVersion, kind] = readTypeMeta(reader)
    else if (tag === 0x12) raw = reader.bytes() as Uint8Array<ArrayBuffer>
    else if (tag === 0x1a) contentEncoding = reader.text()
    else if (tag === 0x22) contentType = reader.text()
    else reader.skip(tag)
  }
  if (contentEncoding !== "") throw new Error(`unsupported content encoding "${contentEncoding}"`)
  return { apiVersion, kind, raw, contentType }
}

export function hasEnvelope(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}

function readTypeMeta(reader: ProtobufReader): [apiVersion: string, kind: string] {
  const outer = reader.enter()
  let [apiVersion, kind] = ["", ""]
  while (reader.position < reader.end) {
    const tag = reader.tag()
    if (tag === 0x0a) apiVersion = reader.text()
    else if (tag === 0x12) kind = reader.text()
    else reader.skip(tag)
  }
  reader.leave(outer)
  return [apiVersion, kind]
}

/** An object of a known kind with its envelope. */
export function encodeProtobuf(
  type: GroupVersionKind & { readonly schema: ObjectSchema },
  object: object,
): Uint8Array {
  return encodeEnvelope(formatGroupVersion(type), type.kind, encodeMessage(type.schema, object))
}

/** An object from its envelope, once the caller has found the schema of what the envelope names. */
export function decodeProtobuf(schema: ObjectSchema, envelope: Envelope): JsonRecord {
  const { apiVersion, kind, raw } = envelope
  return { kind, apiVersion, ...decodeMessage(schema, raw) }
}

/** A list's message from its items' messages, which the server keeps ready. */
export function encodeListMessage(metadata: object, items: readonly Uint8Array[]): Uint8Array {
  const writer = new BackwardWriter()
  for (let index = items.length - 1; index >= 0; index--) writeMessage(writer, 0x12, items[index]!)
  writeMessage(writer, 0x0a, encodeMessage(ListMeta, metadata))
  return writer.finish()
}

/**
 * A watch event's message. `object` is the object with its envelope. On the stream each event stands bare, without an
 * envelope of its own, after its length in four bytes (`frame`).
 */
export function encodeWatchEvent(type: string, object: Uint8Array): Uint8Array {
  const writer = new BackwardWriter()
  const end = writer.length
  writeMessage(writer, 0x0a, object)
  writer.varint(writer.length - end)
  writer.byte(0x12)
  writeText(writer, 0x0a, type)
  return writer.finish()
}

export function decodeWatchEvent(bytes: Uint8Array): { type: string; object: Uint8Array } {
  const reader = new ProtobufReader(bytes)
  let type = ""
  let object = new Uint8Array()
  while (reader.position < reader.end) {
    const tag = reader.tag()
    if (tag === 0x0a) type = reader.text()
    else if (tag === 0x12) {
      const outer = reader.enter()
      while (reader.position < reader.end) {
        const inner = reader.tag()
        if (inner === 0x0a) object = reader.bytes() as Uint8Array<ArrayBuffer>
        else reader.skip(inner)
      }
      reader.leave(outer)
    } else reader.skip(tag)
  }
  return { type, object }
}

function writeMessage(writer: BackwardWriter, tag: number, message: Uint8Array): void {
  writer.bytes(message)
  writer.varint(message.length)
  writer.byte(tag)
}

/** A message with its length before it, as 32 bits, most significant byte first. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(4 + message.length)
  new DataView(framed.buffer).setUint32(0, message.length)
  framed.set(message, 4)
  return framed
}
