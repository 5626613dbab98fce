import { decodeBase64 } from "../../base/base64.ts"
import { encodeUtf8 } from "../../base/utf8.ts"
import {
  type JsonRecord,
  type ListPlan,
  type MapPlan,
  type ObjectPlan,
  objectPlan,
  type Plan,
  type PlanRef,
} from "../schema-plan.ts"
import type { ObjectSchema, ProtobufUnion, ScalarSchema } from "../schema.ts"
import { parseDurationNanos } from "../duration.ts"
import { parseInstant } from "../time.ts"
import { encodeJson } from "./json.ts"
import { type Member, type Shape, shapeOf } from "./protobuf-shape.ts"
import { BackwardWriter } from "./protobuf-writer.ts"

/**
 * Objects as protobuf messages, byte for byte as upstream's generated code writes them: fields by ascending number, map
 * entries by key, plain Go fields also when they hold their zero value and pointers only when they are set.
 *
 * Each message type is compiled once into a list of closures that know their tag. Everything is written backwards (see
 * protobuf-writer.ts), so the closures run in descending order.
 */
export function encodeMessage(schema: ObjectSchema, object: object): Uint8Array {
  try {
    encoderOf(objectPlan(schema))(shared, object)
  } catch (error) {
    shared.finish()
    throw error
  }
  return shared.finish()
}

// Encoding never waits, so one buffer serves all.
const shared = new BackwardWriter()

/** Writes a value without tag and length. */
type Encode = (writer: BackwardWriter, value: unknown) => void
/** Writes a field of `owner`, tag and all, or nothing. */
type EncodeMember = (writer: BackwardWriter, owner: JsonRecord) => void

const encoders = new WeakMap<Plan, Encode>()

function encoderOf(plan: ObjectPlan): Encode {
  let encode = encoders.get(plan)
  if (!encode) {
    encode = compileShape(shapeOf(plan))
    encoders.set(plan, encode)
  }
  return encode
}

function compileShape(shape: Shape): Encode {
  const members = shape.members.map(compileMember).reverse()
  return (writer, value) => {
    const owner = (value ?? {}) as JsonRecord
    for (const encode of members) encode(writer, owner)
  }
}

function compileMember(member: Member): EncodeMember {
  if ("inlined" in member) {
    const encode = compileShape(member.inlined)
    const writeTag = tagWriter(member.number, 2)
    return (writer, owner) => delimited(writer, encode, owner, writeTag)
  }
  const { name, ref, presence } = member.field
  const encode = valueEncoder(ref, member.number, presence === "explicit")
  return (writer, owner) => encode(writer, owner[name])
}

/** Writes a value with its tag. A pointer that is not set is not written; a plain field that is absent holds its zero. */
function valueEncoder(ref: PlanRef, number: number, isPointer: boolean): Encode {
  let compiled: Encode | undefined
  return (writer, value) => {
    if (isPointer && (value === undefined || value === null)) return
    compiled ??= compileValue(ref.get(), number)
    compiled(writer, value)
  }
}

function compileValue(plan: Plan, number: number): Encode {
  switch (plan.kind) {
    case "scalar":
      return compileScalar(plan.schema, number)
    case "any":
      return plan.schema.union ? compileUnion(plan.schema.union, number) : compileAny(number)
    case "object": {
      const writeTag = tagWriter(number, 2)
      const encode = encoderOf(plan)
      return (writer, value) => delimited(writer, encode, value, writeTag)
    }
    case "list":
      return plan.schema.wrapperField ? compileWrappedList(plan, number) : compileList(plan, number)
    case "map":
      return compileMap(plan, number)
  }
}

function compileList(plan: ListPlan, number: number): Encode {
  const encode = valueEncoder(plan.element, number, false)
  return (writer, value) => {
    if (!Array.isArray(value)) return
    for (let index = value.length - 1; index >= 0; index--) encode(writer, value[index])
  }
}

/** A list that is a message of its own (ExtraValue). */
function compileWrappedList(plan: ListPlan, number: number): Encode {
  const encode = compileList(plan, plan.schema.wrapperField!)
  const writeTag = tagWriter(number, 2)
  return (writer, value) => {
    if (Array.isArray(value)) delimited(writer, encode, value, writeTag)
  }
}

function compileMap(plan: MapPlan, number: number): Encode {
  const encodeValue = valueEncoder(plan.value, 2, false)
  const writeTag = tagWriter(number, 2)
  return (writer, value) => {
    if (value === undefined || value === null) return
    const map = value as JsonRecord
    const keys = Object.keys(map).sort()
    for (let index = keys.length - 1; index >= 0; index--) {
      const key = keys[index]!
      const end = writer.length
      encodeValue(writer, map[key])
      const keyEnd = writer.length
      writer.text(key)
      writer.varint(writer.length - keyEnd)
      writer.byte(0x0a)
      writer.varint(writer.length - end)
      writeTag(writer)
    }
  }
}

function compileScalar(schema: ScalarSchema, number: number): Encode {
  switch (schema.name) {
    case "bool": {
      const writeTag = tagWriter(number, 0)
      return (writer, value) => {
        writer.byte(value === true ? 1 : 0)
        writeTag(writer)
      }
    }
    case "int32":
    case "int64": {
      const writeTag = tagWriter(number, 0)
      return (writer, value) => {
        writer.varint(Number(value ?? 0))
        writeTag(writer)
      }
    }
    case "double": {
      const writeTag = tagWriter(number, 1)
      return (writer, value) => {
        writer.double(Number(value ?? 0))
        writeTag(writer)
      }
    }
    case "string": {
      const writeTag = tagWriter(number, 2)
      return (writer, value) => delimited(writer, encodeText, value, writeTag)
    }
    case "bytes": {
      const writeTag = tagWriter(number, 2)
      return (writer, value) => {
        if (typeof value === "string") delimited(writer, encodeBytes, value, writeTag)
      }
    }
    default: {
      const writeTag = tagWriter(number, 2)
      const encode = messageScalars[schema.name]
      return (writer, value) => delimited(writer, encode, value, writeTag)
    }
  }
}

const encodeText: Encode = (writer, value) => writer.text((value as string | undefined | null) ?? "")
const encodeBytes: Encode = (writer, value) => writer.bytes(decodeBase64(value as string))

/** Scalars of JSON that are messages in protobuf. */
const messageScalars: Readonly<
  Record<"time" | "microTime" | "duration" | "quantity" | "intOrString", Encode>
> = {
  time: (writer, value) => encodeInstant(writer, value, "time"),
  microTime: (writer, value) => encodeInstant(writer, value, "microTime"),
  duration: (writer, value) => {
    writer.varint(typeof value === "string" ? Number(parseDurationNanos(value)) : 0)
    writer.byte(0x08)
  },
  quantity: (writer, value) =>
    encodeString(writer, typeof value === "string" ? value : encodeJson(value ?? 0), 0x0a),
  intOrString: (writer, value) => {
    encodeString(writer, typeof value === "string" ? value : "", 0x1a)
    writer.varint(typeof value === "number" ? value : 0)
    writer.byte(0x10)
    writer.byte(typeof value === "string" ? 1 : 0)
    writer.byte(0x08)
  },
}

// Go's zero time is an empty message.
function encodeInstant(writer: BackwardWriter, value: unknown, form: "time" | "microTime"): void {
  if (typeof value !== "string") return
  const { seconds, nanos } = parseInstant(value, form)
  writer.varint(nanos)
  writer.byte(0x10)
  writer.varint(seconds)
  writer.byte(0x08)
}

function encodeString(writer: BackwardWriter, value: string, tag: number): void {
  const end = writer.length
  writer.text(value)
  writer.varint(writer.length - end)
  writer.byte(tag)
}

function compileUnion({ message, wrap }: ProtobufUnion, number: number): Encode {
  const writeTag = tagWriter(number, 2)
  const encode = encoderOf(objectPlan(message))
  return (writer, value) => delimited(writer, encode, wrap(value), writeTag)
}

/** A JSON value, as text, within a message of its own: RawExtension, JSON, FieldsV1. */
function compileAny(number: number): Encode {
  const writeTag = tagWriter(number, 2)
  const encode: Encode = (writer, value) => {
    if (value === undefined || value === null) return
    const bytes = encodeUtf8(encodeJson(value))
    writer.bytes(bytes)
    writer.varint(bytes.length)
    writer.byte(0x0a)
  }
  return (writer, value) => delimited(writer, encode, value, writeTag)
}

function delimited(
  writer: BackwardWriter,
  encode: Encode,
  value: unknown,
  writeTag: (writer: BackwardWriter) => void,
): void {
  const end = writer.length
  encode(writer, value)
  writer.varint(writer.length - end)
  writeTag(writer)
}

function tagWriter(number: number, wire: number): (writer: BackwardWriter) => void {
  const tag = number * 8 + wire
  return tag < 128 ? (writer) => writer.byte(tag) : (writer) => writer.varint(tag)
}
