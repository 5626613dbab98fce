import { decodeBase64 } from "../../../base/base64.ts"
import { parseDurationNanos } from "../../duration.ts"
import { jsonEqual } from "../../json-equal.ts"
import {
  type CelType,
  dynType,
  type ListType,
  type MapType,
  type ObjectType,
  stringType,
} from "../types/cel-type.ts"
import { parseTimestamp } from "./timestamp.ts"
import { CelDuration, CelError, type CelList, type CelMap, type CelResult, type CelValue } from "./value.ts"
import { messageOf } from "../../../base/message-of.ts"

/**
 * A value for an expression: JSON as its type says, anything that is a value already as it is. JSON is not copied: objects
 * and lists become views that look at a part when it is asked for.
 */
export function adapt(value: unknown, type: CelType): CelResult {
  switch (typeof value) {
    case "string":
      return adaptString(value, type)
    case "number":
      return adaptNumber(value, type)
    case "boolean":
    case "bigint":
      return value
    case "object":
      return value === null ? null : adaptObject(value, type)
    default:
      return new CelError(`unsupported conversion of ${typeof value}`)
  }
}

// JSON has one type of number. Where the schema does not tell, whole ones are ints.
function adaptNumber(value: number, { kind }: CelType): CelResult {
  if (kind === "double") return value
  return Number.isInteger(value) ? BigInt(value) : value
}

function adaptString(text: string, { kind }: CelType): CelResult {
  try {
    if (kind === "bytes") return decodeBase64(text)
    if (kind === "duration") return new CelDuration(parseDurationNanos(text))
    if (kind === "timestamp") return parseTimestamp(text)
    return text
  } catch (error) {
    return new CelError(messageOf(error))
  }
}

function adaptObject(value: object, type: CelType): CelResult {
  if (Array.isArray(value)) return new JsonList(value, type.kind === "list" ? type : dynListType)
  const prototype: unknown = Object.getPrototypeOf(value)
  // Instances of classes are values already.
  if (prototype !== Object.prototype && prototype !== null) return value as CelValue
  const json = value as Readonly<Record<string, unknown>>
  if (type.kind === "object") return new JsonObject(json, type)
  return new JsonMap(json, type.kind === "map" ? type : dynMapType)
}

const dynListType: ListType = { kind: "list", element: dynType }
const dynMapType: MapType = { kind: "map", key: stringType, value: dynType }

/** A list of JSON. */
export class JsonList implements CelList {
  readonly kind = "list"
  readonly json: readonly unknown[]
  readonly #type: ListType

  constructor(json: readonly unknown[], type: ListType) {
    this.json = json
    this.#type = type
  }

  get size(): number {
    return this.json.length
  }

  get listType(): "set" | "map" | undefined {
    return this.#type.listType
  }

  get keys(): readonly string[] | undefined {
    return this.#type.keys
  }

  at(index: number): CelResult {
    return adapt(this.json[index], this.#type.element)
  }
}

/** An object of JSON whose members are all alike, or of which nothing is known. */
export class JsonMap implements CelMap {
  readonly kind = "map"
  readonly json: Readonly<Record<string, unknown>>
  readonly #type: MapType

  constructor(json: Readonly<Record<string, unknown>>, type: MapType) {
    this.json = json
    this.#type = type
  }

  get size(): number {
    return Object.keys(this.json).length
  }

  find(key: CelValue): CelResult | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.json, key)) return undefined
    const value = this.json[key]
    return value === undefined ? undefined : adapt(value, this.#type.value)
  }

  entryKeys(): Iterable<CelValue> {
    return Object.keys(this.json).filter((key) => this.json[key] !== undefined)
  }
}

/** An object of JSON with declared fields. Others are not seen, though they count; null is as good as absent. */
export class JsonObject implements CelMap {
  readonly kind = "map"
  readonly json: Readonly<Record<string, unknown>>
  readonly #type: ObjectType

  constructor(json: Readonly<Record<string, unknown>>, type: ObjectType) {
    this.json = json
    this.#type = type
  }

  get size(): number {
    return Object.keys(this.json).length
  }

  find(key: CelValue): CelResult | undefined {
    const field = typeof key === "string" ? this.#type.fields.get(key) : undefined
    if (!field) return undefined
    const value = this.json[field.name]
    return value === undefined || value === null ? undefined : adapt(value, field.type)
  }

  *entryKeys(): Iterable<CelValue> {
    for (const [name, field] of this.#type.fields) if (this.json[field.name] !== undefined) yield name
  }

  /** Whether what is not declared is the same in both. */
  hasSameRest(other: JsonObject): boolean {
    const declared = new Set([...this.#type.fields.values()].map(({ name }) => name))
    const rest = Object.keys(this.json).filter(
      (name) => !declared.has(name) && Object.hasOwn(other.json, name),
    )
    return rest.every((name) => jsonEqual(this.json[name], other.json[name]))
  }
}
