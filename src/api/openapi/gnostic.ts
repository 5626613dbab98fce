import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
import type { Writer } from "../../base/protobuf.ts"

/*
 * What the messages of gnostic (https://github.com/google/gnostic-models), which carry OpenAPI documents to Go programs,
 * have in common. A table per message says under which number each member of the JSON document travels. Members that start
 * with "x-" travel as named YAML, which JSON is.
 */

/** Writes a member's value, with its tag. */
export type Write = (writer: Writer, number: number, value: unknown) => void

export interface Shape {
  readonly members: Readonly<Record<string, readonly [number, Write]>>
  /** Where members that start with "x-" go. */
  readonly extensions?: number
}

const delimited = 2

export const text: Write = (writer, number, value) => {
  writer.tag(number, delimited)
  writer.text(String(value))
}

export const flag: Write = (writer, number, value) => {
  if (value !== true) return
  writer.tag(number, 0)
  writer.varint(1)
}

/** In a union even false is said. */
export const truth: Write = (writer, number, value) => {
  writer.tag(number, 0)
  writer.varint(value === true ? 1 : 0)
}

export const integer: Write = (writer, number, value) => {
  writer.tag(number, 0)
  writer.varint(Number(value))
}

export const double: Write = (writer, number, value) => {
  writer.tag(number, 1)
  writer.double(Number(value))
}

/** Any value at all. */
export const any: Write = (writer, number, value) => {
  writer.tag(number, delimited)
  writer.delimited((inner) => text(inner, 2, `${JSON.stringify(value)}\n`))
}

export function list(each: Write): Write {
  return (writer, number, values) => {
    for (const value of values as readonly unknown[]) each(writer, number, value)
  }
}

export function message(write: (writer: Writer, value: unknown) => void): Write {
  return (writer, number, value) => {
    writer.tag(number, delimited)
    writer.delimited((inner) => write(inner, value))
  }
}

/** A message with the members of a JSON object. */
export const objectOf = (shape: () => Shape): Write =>
  message((writer, value) => writeMembers(writer, shape(), value as JsonRecord))

/** What a union holds is told by the number of its one field. */
export const within = (number: number, write: Write): Write =>
  message((writer, value) => write(writer, number, value))

/** A JSON object of any names: a repeated field of names and values. */
export function entries(write: Write): Write {
  const each = message((writer, entry) => {
    const [name, value] = entry as readonly [string, unknown]
    text(writer, 1, name)
    write(writer, 2, value)
  })
  return (writer, number, value) => {
    for (const entry of Object.entries(value as JsonRecord)) each(writer, number, entry)
  }
}

export function writeMembers(writer: Writer, { members, extensions }: Shape, value: JsonRecord): void {
  const more: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    const member = members[name]
    if (member) member[1](writer, member[0], value[name])
    // Documents of other servers may have members that there is no field for.
    else if (name.startsWith("x-")) more[name] = value[name]
  }
  if (extensions) entries(any)(writer, extensions, more)
}
