import type { CelType } from "../types/cel-type.ts"

/**
 * Values at run time. What JavaScript has is used as it is: int is `bigint`, double is `number`, bytes are `Uint8Array`.
 * Everything else is an object with a `kind`. Errors are values too, since `false && error` is false; they are never
 * elements of anything that was made, though looking one up may fail with one.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | UInt
  | Uint8Array
  | CelDuration
  | CelTimestamp
  | CelList
  | CelMap
  | CelOptional
  | CelTypeValue
  | CelOpaque

/** What can be written as a literal. */
export type CelLiteral = null | boolean | bigint | number | string | UInt | Uint8Array

/** What evaluating gives. */
export type CelResult = CelValue | CelError

export class CelError {
  readonly kind = "error"
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export class UInt {
  readonly kind = "uint"
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

export class CelDuration {
  readonly kind = "duration"
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class CelTimestamp {
  readonly kind = "timestamp"
  /** Since 1970. */
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** Implemented by lists that were computed and by views of JSON. */
export interface CelList {
  readonly kind: "list"
  readonly size: number
  /** The caller must have checked the bounds. */
  at(index: number): CelResult
  /** For list types of Kubernetes, where neither comparing nor adding goes by position. */
  readonly listType?: "set" | "map"
  readonly keys?: readonly string[]
}

/** Also an object with declared fields, which has `type`. */
export interface CelMap {
  readonly kind: "map"
  readonly size: number
  find(key: CelValue): CelResult | undefined
  entryKeys(): Iterable<CelValue>
  /** Present in objects, which are no maps to functions that want one. */
  readonly type?: CelType
}

export class CelOptional {
  readonly kind = "optional"
  readonly value: CelValue | undefined

  constructor(value: CelValue | undefined) {
    this.value = value
  }
}

export const noValue = new CelOptional(undefined)

export class CelTypeValue {
  readonly kind = "type"
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** Values of the libraries: quantities, addresses, authorizers. */
export interface CelOpaque {
  readonly kind: "opaque"
  readonly typeName: string
  /** What the cost of walking it is; absent where it has no size. */
  readonly size?: number
  equals(other: CelOpaque): boolean
  /** As JSON, where it has a form. */
  toJson?(): unknown
}

export const maxInt = 2n ** 63n - 1n
export const minInt = -(2n ** 63n)
export const maxUint = 2n ** 64n - 1n

export function isError(value: CelResult): value is CelError {
  return value instanceof CelError
}

export function isList(value: CelResult | undefined): value is CelList {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "list"
}

export function isMap(value: CelResult | undefined): value is CelMap {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "map"
}

/** The name of the value's type, as `type()` and error messages have it. */
export function typeNameOf(value: CelResult): string {
  switch (typeof value) {
    case "boolean":
      return "bool"
    case "bigint":
      return "int"
    case "number":
      return "double"
    case "string":
      return "string"
    default:
      return typeNameOfObject(value)
  }
}

const objectTypeNames = {
  uint: "uint",
  duration: "google.protobuf.Duration",
  timestamp: "google.protobuf.Timestamp",
  list: "list",
  map: "map",
  optional: "optional_type",
  type: "type",
  error: "error",
}

function typeNameOfObject(value: Exclude<CelResult, boolean | bigint | number | string>): string {
  if (value === null) return "null_type"
  if (value instanceof Uint8Array) return "bytes"
  if (value.kind === "opaque") return value.typeName
  if (value.kind === "map" && value.type?.kind === "object") return value.type.name
  return objectTypeNames[value.kind]
}

/** How many characters (by code point), bytes, elements or members; undefined for values without a size. */
export function sizeOf(value: CelResult): number | undefined {
  if (typeof value === "string") return codePointLength(value)
  if (typeof value !== "object" || value === null) return undefined
  if (value instanceof Uint8Array) return value.length
  if (value.kind === "list" || value.kind === "map" || value.kind === "opaque") return value.size
  return undefined
}

export function codePointLength(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0xd800 && unit < 0xdc00) length--
  }
  return length
}
