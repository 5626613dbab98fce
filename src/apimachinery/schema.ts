/**
 * What the server knows about the shape of an object, as data. Built-in kinds declare it (api/), CustomResourceDefinitions
 * produce it at run time, and everything that walks an object walks this one structure: defaulting, pruning, structural
 * validation, strategic merge, server-side apply, OpenAPI, explain, tables, protobuf.
 *
 * The declaring functions (`message`, `field`, `list`, ...) carry the TypeScript type along, so a kind's interface is
 * inferred from its declaration and there is no second list of fields:
 *
 * @example
 * export const ServicePort = message("io.k8s.api.core.v1.ServicePort", {
 *   name: field(1, string),                                    // written unless ""      (Go: string, omitempty)
 *   port: always(3, int32, { required: true }),                // written even if 0      (Go: int32, no omitempty)
 *   nodePort: field(5, int32),
 *   appProtocol: optional(6, string),                          // written if set, "" too (Go: *string)
 * })
 * export interface ServicePort extends Infer<typeof ServicePort> {}
 */
export type Schema = ScalarSchema | ObjectSchema | ListSchema | MapSchema | AnySchema

/** Carries a TypeScript type beside a schema; never present at run time. */
export interface Typed<T> {
  readonly _type?: T
}

export type Infer<S> = S extends Typed<infer T> ? T : never

interface SchemaBase {
  /** JSON null is a value of its own and is kept (custom resources only). */
  readonly nullable?: boolean
  /** Value validations of JSON Schema beyond the type (custom resources; enums of built-in kinds). */
  readonly constraints?: Constraints
  readonly description?: string
}

export type ScalarName =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "double"
  | "bytes" // base64 in JSON
  | "time" // RFC 3339, whole seconds
  | "microTime" // RFC 3339, six decimals
  | "duration" // "1m30s"
  | "quantity" // "100m"
  | "intOrString"

export interface ScalarSchema extends SchemaBase {
  readonly kind: "scalar"
  readonly name: ScalarName
}

/** Any JSON value, kept as it is: RawExtension, JSON, FieldsV1, and `x-kubernetes-preserve-unknown-fields`. */
export interface AnySchema extends SchemaBase {
  readonly kind: "any"
  /** How the value travels in protobuf: as JSON text, unless it is a union. */
  readonly name: "rawExtension" | "json" | "fieldsV1" | "union"
  readonly union?: ProtobufUnion
}

/** A JSON value that may be one of several things, for which protobuf has a message with a field for each. */
export interface ProtobufUnion {
  readonly message: ObjectSchema
  /** The value as that message. */
  wrap(value: unknown): Record<string, unknown>
  unwrap(message: Readonly<Record<string, unknown>>): unknown
}

export interface ObjectSchema extends SchemaBase {
  readonly kind: "object"
  /** The definition's name in OpenAPI, as `io.k8s.api.core.v1.Container`; absent for anonymous objects of a CRD. */
  readonly name?: string
  readonly fields: Readonly<Record<string, Field>>
  /** `x-kubernetes-map-type: atomic`: one owner for the whole object in server-side apply. */
  readonly atomic?: boolean
  readonly preserveUnknownFields?: boolean
  /** `x-kubernetes-embedded-resource`: has apiVersion, kind and metadata of its own. */
  readonly embeddedResource?: boolean
  /**
   * Defaults that depend on more than one field (imagePullPolicy on the tag). Runs after the fields' own defaults were
   * set, on every instance wherever it is nested; may change `value` in place.
   */
  readonly applyDefaults?: (value: Record<string, unknown>) => void
}

export interface ListSchema extends SchemaBase {
  readonly kind: "list"
  readonly element: SchemaRef
  /** How server-side apply sees it. @default "atomic" */
  readonly listType: "atomic" | "set" | "map"
  /** For listType "map": the fields that tell elements apart. */
  readonly keys?: readonly string[]
  /** In protobuf the list is a message of its own which holds the elements under this number (ExtraValue). */
  readonly wrapperField?: number
}

export interface MapSchema extends SchemaBase {
  readonly kind: "map"
  readonly value: SchemaRef
  readonly atomic?: boolean
  /** The key's schema where it is an enum or otherwise more than a string; informational. */
  readonly keyName?: string
}

/** A schema, or a function that gives it, for types that contain themselves. */
export type SchemaRef = Schema | (() => Schema)

export function resolve(ref: SchemaRef): Schema {
  return typeof ref === "function" ? ref() : ref
}

/**
 * How a field behaves when it holds its zero value ("" 0 false, empty list or map):
 * - `implicit`: zero is the same as absent and is never written (Go: plain type with omitempty)
 * - `explicit`: absent and zero differ (Go: pointer with omitempty)
 * - `always`: absent reads as zero and is always written: "" 0 false {} null (Go: plain type without omitempty; structs
 *   are written as {}, nil lists and maps as null)
 */
export type Presence = "implicit" | "explicit" | "always"

export interface Field {
  /** Protobuf field number; absent in custom resources. */
  readonly number?: number
  /** For fields that JSON inlines but protobuf nests (Volume.volumeSource): the numbers of the enclosing messages. */
  readonly via?: readonly number[]
  /** And their names, which Go's decoder puts into paths. */
  readonly within?: readonly string[]
  readonly schema: SchemaRef
  readonly presence: Presence
  /** An absent value is written as null (Go: pointer without omitempty). Only with presence `explicit`. */
  readonly writtenAsNull?: boolean
  /** Missing is a validation error in OpenAPI's sense. */
  readonly required?: boolean
  /** Set when absent; a JSON value. */
  readonly default?: unknown
  /** Strategic merge patch: `merge` for lists of objects by `patchMergeKey` or of primitives; `retainKeys` for unions. */
  readonly patchStrategy?: "merge" | "replace" | "retainKeys" | "merge,retainKeys"
  readonly patchMergeKey?: string
}

export interface Constraints {
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly allOf?: readonly unknown[]
  readonly anyOf?: readonly unknown[]
  readonly oneOf?: readonly unknown[]
  readonly not?: unknown
  /** `x-kubernetes-validations`, as declared. */
  readonly validations?: readonly unknown[]
}

// ---------------------------------------------------------------------------------------------------------------------
// Declaring
// ---------------------------------------------------------------------------------------------------------------------

type Ref<T> = (SchemaRef & Typed<T>) | (() => Schema & Typed<T>)

export interface FieldOptions {
  readonly required?: boolean
  readonly default?: unknown
  readonly writtenAsNull?: boolean
  readonly patchStrategy?: Field["patchStrategy"]
  readonly patchMergeKey?: string
}

/** A declared field. `Set` says whether objects read from the server always have it. */
export interface TypedField<T, Set extends boolean> extends Field {
  readonly _field?: [T, Set]
}

type IsSet<P extends Presence, O> = P extends "always"
  ? true
  : O extends { required: true }
    ? true
    : O extends { default: {} }
      ? true
      : false

/** Zero equals absent: never written when zero. */
export function field<T, const O extends FieldOptions = {}>(
  number: number,
  schema: Ref<T>,
  options?: O,
): TypedField<T, IsSet<"implicit", O>> {
  return { number, schema, presence: "implicit", ...options }
}

/** Absent and zero differ. */
export function optional<T, const O extends FieldOptions = {}>(
  number: number,
  schema: Ref<T>,
  options?: O,
): TypedField<T, IsSet<"explicit", O>> {
  return { number, schema, presence: "explicit", ...options }
}

/** Always written, also when zero. */
export function always<T, const O extends FieldOptions = {}>(
  number: number,
  schema: Ref<T>,
  options?: O,
): TypedField<T, true> {
  return { number, schema, presence: "always", ...options }
}

type Fields = Readonly<Record<string, TypedField<unknown, boolean>>>

type SetKeys<F> = { [K in keyof F]: F[K] extends TypedField<infer _T, true> ? K : never }[keyof F]

/** The TypeScript type of an object with these fields: always-present fields are not optional. */
export type ObjectOf<F> = {
  -readonly [K in SetKeys<F>]: F[K] extends TypedField<infer T, boolean> ? T : never
} & {
  -readonly [K in Exclude<keyof F, SetKeys<F>>]?: F[K] extends TypedField<infer T, boolean>
    ? T | undefined
    : never
}

export interface MessageOptions {
  readonly atomic?: boolean
  readonly applyDefaults?: (value: never) => void
}

export interface Message<F> extends ObjectSchema, Typed<ObjectOf<F>> {
  readonly declared?: F
}

export function message<const F extends Fields>(
  name: string,
  fields: F,
  options?: MessageOptions,
): Message<F> {
  return { kind: "object", name, fields, ...(options as Partial<ObjectSchema>) }
}

/** Spreads another message's fields into this one: inlined in JSON, nested as field `number` in protobuf. */
export function inline<F extends Fields>(number: number, inlined: Message<F>): F {
  const fields: Record<string, Field> = {}
  for (const [name, declared] of Object.entries(inlined.fields)) {
    const within = [inlined.name!.replace(/^.*\./, ""), ...(declared.within ?? [])]
    fields[name] = { ...declared, via: [number, ...(declared.via ?? [])], within }
  }
  return fields as F
}

const scalar = <T>(name: ScalarName): ScalarSchema & Typed<T> => ({ kind: "scalar", name })

export const string = scalar<string>("string")
export const bool = scalar<boolean>("bool")
export const int32 = scalar<number>("int32")
export const int64 = scalar<number>("int64")
export const double = scalar<number>("double")
export const bytes = scalar<string>("bytes")
export const time = scalar<string>("time")
export const microTime = scalar<string>("microTime")
export const duration = scalar<string>("duration")
export const quantity = scalar<string | number>("quantity")
export const intOrString = scalar<number | string>("intOrString")

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
export type JsonObject = { [key: string]: JsonValue }

const any = <T>(name: AnySchema["name"]): AnySchema & Typed<T> => ({ kind: "any", name })

export const rawExtension = any<JsonObject>("rawExtension")
export const json = any<JsonValue>("json")
export const fieldsV1 = any<JsonObject>("fieldsV1")

/** See ProtobufUnion. */
export function union<T>(union: ProtobufUnion): AnySchema & Typed<T> {
  return { kind: "any", name: "union", union }
}

/** A string of a closed set. */
export function enumeration<const V extends readonly string[]>(
  ...values: V
): ScalarSchema & Typed<V[number]> {
  return { kind: "scalar", name: "string", constraints: { enum: values } }
}

export interface ListOptions {
  readonly type?: "atomic" | "set"
  /** Makes it a listType "map". */
  readonly keys?: readonly string[]
  readonly wrapperField?: number
}

export function list<T>(element: Ref<T>, options: ListOptions = {}): ListSchema & Typed<T[]> {
  const listType = options.keys ? "map" : (options.type ?? "atomic")
  const { keys, wrapperField } = options
  return { kind: "list", element, listType, ...(keys && { keys }), ...(wrapperField && { wrapperField }) }
}

export function mapOf<T>(
  value: Ref<T>,
  options: { atomic?: boolean } = {},
): MapSchema & Typed<Record<string, T>> {
  return { kind: "map", value, ...options }
}
