import { encodeBase64 } from "../../base/base64.ts"
import { formatDurationNanos } from "../duration.ts"
import { parseQuantity } from "../quantity.ts"
import { absentValue, zeroOf } from "../scalars.ts"
import type { ObjectSchema, ProtobufUnion, ScalarSchema } from "../schema.ts"
import {
  type FieldPlan,
  type JsonRecord,
  type ListPlan,
  type MapPlan,
  type ObjectPlan,
  objectPlan,
  type Plan,
  type PlanRef,
  setMember,
} from "../schema-plan.ts"
import { formatInstant, zeroTimeSeconds } from "../time.ts"
import { parseJson } from "./json.ts"
import { ProtobufReader, wireBytes, wireFixed64, wireVarint } from "./protobuf-reader.ts"
import { type Shape, shapeOf } from "./protobuf-shape.ts"

/**
 * A protobuf message as an object in canonical form, the same that decoding JSON gives (structural.ts). Fields that the
 * schema does not know are skipped, as upstream does.
 *
 * @throws Error in the words of upstream's generated code
 */
export function decodeMessage(schema: ObjectSchema, bytes: Uint8Array): JsonRecord {
  return decodeObject(objectPlan(schema), new ProtobufReader(bytes))
}

/** Reads one occurrence of a field; `previous` is what earlier ones gave. */
type Decode = (reader: ProtobufReader, previous: unknown) => unknown

interface FieldDecoder {
  readonly wire: number
  readonly name: string
  /** Position among the owner's fields; absent for an inlined message, which fills its owner's fields. */
  readonly index?: number
  readonly decode: (reader: ProtobufReader, members: unknown[]) => void
}

/** By field number. */
type ShapeDecoder = readonly (FieldDecoder | undefined)[]

const shapeDecoders = new WeakMap<Shape, ShapeDecoder>()

function decodeObject(plan: ObjectPlan, reader: ProtobufReader): JsonRecord {
  const members: unknown[] = []
  readFields(decoderOf(shapeOf(plan)), reader, members)
  const object: JsonRecord = {}
  for (const field of plan.list) {
    let member = members[field.index]
    if (field.isAlwaysWritten) member ??= absentValue(field)
    else if (member === null || (field.presence === "implicit" && isZero(member))) continue
    if (member !== undefined) setMember(object, field.name, member)
  }
  return object
}

function isZero(value: unknown): boolean {
  if (typeof value !== "object") return value === "" || value === 0 || value === false
  return value !== null && Object.keys(value).length === 0
}

function readFields(fields: ShapeDecoder, reader: ProtobufReader, members: unknown[]): void {
  while (reader.position < reader.end) {
    const tag = reader.tag()
    const number = Math.floor(tag / 8)
    if (number === 0) throw new Error("proto: illegal tag 0 (wire type 0)")
    const field = fields[number]
    if (field === undefined) reader.skip(tag)
    else if ((tag & 7) !== field.wire)
      throw new Error(`proto: wrong wireType = ${tag & 7} for field ${field.name}`)
    else field.decode(reader, members)
  }
}

function decoderOf(shape: Shape): ShapeDecoder {
  const known = shapeDecoders.get(shape)
  if (known) return known
  const fields: (FieldDecoder | undefined)[] = []
  for (const member of shape.members) {
    fields[member.number] = "inlined" in member ? inlinedDecoder(member.inlined) : fieldDecoder(member.field)
  }
  shapeDecoders.set(shape, fields)
  return fields
}

function inlinedDecoder(shape: Shape): FieldDecoder {
  return {
    wire: wireBytes,
    name: "inlined",
    decode: (reader, members) => {
      const outer = reader.enter()
      readFields(decoderOf(shape), reader, members)
      reader.leave(outer)
    },
  }
}

function fieldDecoder(field: FieldPlan): FieldDecoder {
  const { index, name, ref } = field
  let compiled: Decode | undefined
  return {
    wire: wireOf(field.ref.get()),
    name: name.charAt(0).toUpperCase() + name.slice(1),
    index,
    decode: (reader, members) => {
      compiled ??= compile(ref.get())
      members[index] = compiled(reader, members[index])
    },
  }
}

function wireOf(plan: Plan): number {
  if (plan.kind === "list" && !plan.schema.wrapperField) return wireOf(plan.element.get())
  if (plan.kind !== "scalar") return wireBytes
  const { name } = plan.schema
  if (name === "double") return wireFixed64
  return name === "bool" || name === "int32" || name === "int64" ? wireVarint : wireBytes
}

function compile(plan: Plan): Decode {
  switch (plan.kind) {
    case "scalar":
      return scalarDecoders[plan.schema.name]
    case "any":
      return plan.schema.union ? compileUnion(plan.schema.union) : decodeAny
    case "object":
      return (reader) => within(reader, () => decodeObject(plan, reader))
    case "list":
      return plan.schema.wrapperField ? compileWrappedList(plan) : compileList(plan)
    case "map":
      return compileMap(plan)
  }
}

function within<T>(reader: ProtobufReader, read: () => T): T {
  const outer = reader.enter()
  const value = read()
  reader.leave(outer)
  return value
}

function lazily(ref: PlanRef): Decode {
  let compiled: Decode | undefined
  return (reader, previous) => {
    compiled ??= compile(ref.get())
    return compiled(reader, previous)
  }
}

function compileList(plan: ListPlan): Decode {
  const decode = lazily(plan.element)
  return (reader, previous) => {
    const list = (previous as unknown[] | undefined) ?? []
    list.push(decode(reader, undefined))
    return list
  }
}

function compileWrappedList(plan: ListPlan): Decode {
  const decode = lazily(plan.element)
  const itemsTag = plan.schema.wrapperField! * 8 + wireBytes
  return (reader) =>
    within(reader, () => {
      const list: unknown[] = []
      while (reader.position < reader.end) {
        const tag = reader.tag()
        if (tag === itemsTag) list.push(decode(reader, undefined))
        else reader.skip(tag)
      }
      return list
    })
}

function compileMap(plan: MapPlan): Decode {
  const decode = lazily(plan.value)
  return (reader, previous) => {
    const map = (previous as JsonRecord | undefined) ?? {}
    const valuePlan = plan.value.get()
    within(reader, () => {
      const valueTag = 16 + wireOf(valuePlan)
      let key = ""
      let value: unknown
      while (reader.position < reader.end) {
        const tag = reader.tag()
        if (tag === 0x0a) key = reader.text()
        else if (tag === valueTag) value = decode(reader, value)
        else reader.skip(tag)
      }
      setMember(map, key, value ?? emptyEntry(valuePlan))
    })
    return map
  }
}

// An entry without a value holds an empty one; bytes are then empty, not absent.
function emptyEntry(plan: Plan): unknown {
  return plan.kind === "scalar" && plan.schema.name === "bytes" ? "" : zeroOf(plan)
}

const scalarDecoders: Readonly<Record<ScalarSchema["name"], Decode>> = {
  string: (reader) => reader.text(),
  bool: (reader) => reader.integer() !== 0,
  int32: (reader) => reader.integer() | 0,
  int64: (reader) => reader.integer(),
  double: (reader) => reader.double(),
  bytes: (reader) => encodeBase64(reader.bytes()),
  time: (reader) => decodeInstant(reader, 0),
  microTime: (reader) => decodeInstant(reader, 6),
  duration: decodeDuration,
  quantity: decodeQuantity,
  intOrString: decodeIntOrString,
}

/** Visits the fields of a message that is read by hand; those that `visit` does not take are skipped. */
function readMessage(reader: ProtobufReader, visit: (tag: number) => boolean): void {
  const outer = reader.enter()
  while (reader.position < reader.end) {
    const tag = reader.tag()
    if (!visit(tag)) reader.skip(tag)
  }
  reader.leave(outer)
}

// The last second of the year 9999.
const maxSeconds = 253_402_300_799

function decodeInstant(reader: ProtobufReader, decimals: 0 | 6): string | null {
  let seconds = zeroTimeSeconds
  let nanos = 0
  readMessage(reader, (tag) => {
    if (tag === 0x08) seconds = reader.integer()
    else if (tag === 0x10) nanos = reader.integer()
    else return false
    return true
  })
  if (seconds === zeroTimeSeconds && nanos === 0) return null
  if (seconds < zeroTimeSeconds || seconds > maxSeconds)
    throw new Error("proto: year outside of range [0,9999]")
  return formatInstant({ seconds, nanos }, decimals)
}

function decodeDuration(reader: ProtobufReader): string {
  let nanos = 0
  readMessage(reader, (tag) => {
    if (tag !== 0x08) return false
    nanos = reader.integer()
    return true
  })
  return formatDurationNanos(BigInt(nanos))
}

function decodeQuantity(reader: ProtobufReader): string {
  let text = ""
  readMessage(reader, (tag) => {
    if (tag !== 0x0a) return false
    text = reader.text()
    return true
  })
  return text === "" ? "0" : parseQuantity(text).text
}

function decodeIntOrString(reader: ProtobufReader): number | string {
  let isText = false
  let number = 0
  let text = ""
  readMessage(reader, (tag) => {
    if (tag === 0x08) isText = reader.integer() === 1
    else if (tag === 0x10) number = reader.integer() | 0
    else if (tag === 0x1a) text = reader.text()
    else return false
    return true
  })
  return isText ? text : number
}

function compileUnion({ message, unwrap }: ProtobufUnion): Decode {
  return (reader) => within(reader, () => unwrap(decodeObject(objectPlan(message), reader)))
}

/** RawExtension, JSON, FieldsV1: a message that holds JSON text. */
function decodeAny(reader: ProtobufReader): unknown {
  let raw = new Uint8Array()
  readMessage(reader, (tag) => {
    if (tag !== 0x0a) return false
    raw = reader.bytes() as Uint8Array<ArrayBuffer>
    return true
  })
  return raw.length === 0 ? null : parseJson(raw)
}
