/**
 * The types of CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md#gradual-type-checking), and those that
 * Kubernetes adds: objects that a schema describes, and opaque things as quantities and authorizers.
 *
 * A type that comes of a schema may know how large its values get (`maxSize`: characters, bytes, elements or members);
 * the cost estimate needs it, type checking ignores it.
 */
export type CelType = SimpleType | ListType | MapType | ObjectType | OpaqueType | TypeOfType | TypeParameter

export type SimpleName =
  | "dyn"
  | "null_type"
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "duration"
  | "timestamp"
  | "error"

export interface SimpleType {
  readonly kind: SimpleName
  readonly maxSize?: number
}

export interface ListType {
  readonly kind: "list"
  readonly element: CelType
  readonly maxSize?: number
  /** How two lists compare and add (`x-kubernetes-list-type`). @default atomic */
  readonly listType?: "set" | "map"
  readonly keys?: readonly string[]
}

export interface MapType {
  readonly kind: "map"
  readonly key: CelType
  readonly value: CelType
  readonly maxSize?: number
}

/** An object with declared fields. Two object types are the same when their names are. */
export interface ObjectType {
  readonly kind: "object"
  readonly name: string
  /** By the name under which CEL knows the field (`__dash__` and the like). */
  readonly fields: ReadonlyMap<string, ObjectField>
  /** Of fields that are not declared; absent where there may be no others. */
  readonly otherFields?: CelType
  readonly maxSize?: number
}

export interface ObjectField {
  /** The field's name in JSON. */
  readonly name: string
  readonly type: CelType
}

/** A type whose values are used through functions alone. `isObject`: upstream declares some of them as objects. */
export interface OpaqueType {
  readonly kind: "opaque"
  readonly name: string
  readonly parameters: readonly CelType[]
  readonly isObject?: boolean
}

/** The type of a type: `type(1)` is of type `type(int)`. */
export interface TypeOfType {
  readonly kind: "type"
  readonly of?: CelType
}

export interface TypeParameter {
  readonly kind: "parameter"
  readonly name: string
}

export const dynType: SimpleType = { kind: "dyn" }
export const nullType: SimpleType = { kind: "null_type" }
export const boolType: SimpleType = { kind: "bool" }
export const intType: SimpleType = { kind: "int" }
export const uintType: SimpleType = { kind: "uint" }
export const doubleType: SimpleType = { kind: "double" }
export const stringType: SimpleType = { kind: "string" }
export const bytesType: SimpleType = { kind: "bytes" }
export const durationType: SimpleType = { kind: "duration" }
export const timestampType: SimpleType = { kind: "timestamp" }
export const errorType: SimpleType = { kind: "error" }

export function listOf(element: CelType): ListType {
  return { kind: "list", element }
}

export function mapOf(key: CelType, value: CelType): MapType {
  return { kind: "map", key, value }
}

export function optionalOf(type: CelType): OpaqueType {
  return { kind: "opaque", name: "optional_type", parameters: [type] }
}

export function opaqueType(name: string, ...parameters: CelType[]): OpaqueType {
  return { kind: "opaque", name, parameters }
}

/** An opaque type that upstream declares as an object: it is named and may be null. */
export function namedType(name: string): OpaqueType {
  return { kind: "opaque", name, parameters: [], isObject: true }
}

export function typeOf(type: CelType): TypeOfType {
  return { kind: "type", of: type }
}

export function parameter(name: string): TypeParameter {
  return { kind: "parameter", name }
}

export function isOptional(type: CelType): type is OpaqueType {
  return type.kind === "opaque" && type.name === "optional_type"
}

/** What an optional holds, or the type itself. */
export function unwrapOptional(type: CelType): CelType {
  return isOptional(type) ? (type.parameters[0] ?? dynType) : type
}

/** The types inside this one. */
export function parametersOf(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case "list":
      return [type.element]
    case "map":
      return [type.key, type.value]
    case "opaque":
      return type.parameters
    case "type":
      return type.of ? [type.of] : []
    default:
      return []
  }
}

/** The name of a type without what is inside, as `type()` knows it. */
export function typeName(type: CelType): string {
  switch (type.kind) {
    case "object":
    case "opaque":
    case "parameter":
      return type.name
    case "duration":
      return "google.protobuf.Duration"
    case "timestamp":
      return "google.protobuf.Timestamp"
    default:
      return type.kind
  }
}

/** As cel-go's types write themselves, which some messages of Kubernetes show: `google.protobuf.Duration`. */
export function describeType(type: CelType): string {
  const parameters = parametersOf(type)
  return parameters.length === 0
    ? typeName(type)
    : `${typeName(type)}(${parameters.map(describeType).join(", ")})`
}

/** As error messages of the checker write it: `map(string, list(int))`. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case "error":
      return "!error!"
    case "null_type":
      return "null"
    default: {
      const parameters = parametersOf(type)
      const name =
        type.kind === "opaque" || type.kind === "object" || type.kind === "parameter" ? type.name : type.kind
      return parameters.length === 0 ? name : `${name}(${parameters.map(formatType).join(", ")})`
    }
  }
}
