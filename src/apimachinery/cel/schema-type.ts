import { itemsOf, type JsonSchema } from "../json-schema/json-schema.ts"
import { escapeFieldName } from "./field-names.ts"
import type { CelType, ObjectField, SimpleName } from "./types/cel-type.ts"

/** A type with the sizes that the schema bounds, and the fewest bytes that a value takes in JSON. */
export interface DeclaredType {
  readonly type: CelType
  readonly minBytes: number
}

export interface SchemaTypeOptions {
  /** The name of the type of the outermost object; those inside are named by their path. */
  readonly name: string
  /** The object has `apiVersion`, `kind` and `metadata`, whether the schema says so or not. */
  readonly isResource?: boolean
  /** For schemas with references: the schema that one means. */
  readonly resolve?: (schema: JsonSchema) => JsonSchema
}

/** The largest request that the server takes: nothing in it can be larger. */
const maxRequestBytes = 3 * 1024 * 1024

/**
 * What expressions see of values with this schema; undefined where they see nothing, as of
 * `x-kubernetes-preserve-unknown-fields`. What a schema does not bound is bounded by what fits into a request.
 */
export function declareSchema(schema: JsonSchema, options: SchemaTypeOptions): DeclaredType | undefined {
  return declare(schema, options.isResource ?? false, options.name, options.resolve ?? ((given) => given), 0)
}

type Resolve = (schema: JsonSchema) => JsonSchema

// Types that contain themselves (JSONSchemaProps) are cut off here.
const maxDepth = 24

function declare(
  given: JsonSchema,
  isResource: boolean,
  path: string,
  resolve: Resolve,
  depth: number,
): DeclaredType | undefined {
  const schema = resolve(given)
  if (depth > maxDepth) return undefined
  if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string") {
    const { maxLength } = schema
    return simple("dyn", 1, maxLength === undefined ? maxRequestBytes - 2 : charactersToBytes(maxLength))
  }
  const inside = (inner: JsonSchema, name: string) =>
    declare(inner, inner["x-kubernetes-embedded-resource"] ?? false, name, resolve, depth + 1)
  if (isResource) return declareObject(withResourceFields(schema), path, inside)
  switch (schema.type) {
    case "array":
      return declareList(schema, path, inside)
    case "object":
      return declareMap(schema, path, inside) ?? declareObject(schema, path, inside)
    case "string":
      return declareString(schema)
    case "boolean":
      return simple("bool", 4)
    case "number":
      return simple("double", 1)
    case "integer":
      return simple("int", 1)
    default:
      return undefined
  }
}

type DeclareInside = (schema: JsonSchema, path: string) => DeclaredType | undefined

function simple(kind: SimpleName, minBytes: number, maxSize = 0): DeclaredType {
  return { type: { kind, maxSize }, minBytes }
}

function declareList(schema: JsonSchema, path: string, inside: DeclareInside): DeclaredType | undefined {
  const items = itemsOf(schema)
  const element = items && inside(items, `${path}.@idx`)
  if (!element) return undefined
  const { maxItems } = schema
  const fitting = Math.floor((maxRequestBytes - 2) / (element.minBytes + 1))
  const listType = schema["x-kubernetes-list-type"]
  const keys = schema["x-kubernetes-list-map-keys"]
  const type: CelType = {
    kind: "list",
    element: element.type,
    maxSize: maxItems === undefined ? fitting : Math.max(maxItems, 0),
    ...((listType === "set" || listType === "map") && { listType }),
    ...(listType === "map" && keys && { keys: keys.map((key) => escapeFieldName(key) ?? key) }),
  }
  return { type, minBytes: 2 }
}

function declareMap(schema: JsonSchema, path: string, inside: DeclareInside): DeclaredType | undefined {
  const { additionalProperties, maxProperties, properties } = schema
  if (typeof additionalProperties !== "object" || (properties && Object.keys(properties).length > 0))
    return undefined
  const value = inside(additionalProperties, `${path}.@elem`)
  if (!value) return undefined
  const fitting = Math.floor((maxRequestBytes - 2) / (value.minBytes + 6))
  const maxSize = maxProperties === undefined ? fitting : Math.max(maxProperties, 0)
  return {
    type: { kind: "map", key: { kind: "string", maxSize: 0 }, value: value.type, maxSize },
    minBytes: 2,
  }
}

function declareObject(schema: JsonSchema, path: string, inside: DeclareInside): DeclaredType | undefined {
  const fields = new Map<string, ObjectField>()
  let minBytes = 2
  // A map whose members are not seen is not seen either.
  if (typeof schema.additionalProperties === "object" && !schema.properties) return undefined
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const escaped = escapeFieldName(name)
    const declared = inside(property, `${path}.${escaped ?? name}`)
    if (!declared) continue
    if (escaped !== undefined) fields.set(escaped, { name, type: declared.type })
    if (schema.required?.includes(name) && property.default === undefined) {
      minBytes += name.length + declared.minBytes + 4
    }
  }
  return { type: { kind: "object", name: path, fields, maxSize: 0 }, minBytes }
}

function declareString(schema: JsonSchema): DeclaredType {
  const { format, maxLength } = schema
  switch (format) {
    case "byte":
      return simple("bytes", 2, maxLength === undefined ? maxRequestBytes - 2 : Math.max(maxLength, 0))
    case "duration":
      return simple("duration", 3, 32)
    case "date":
      return simple("timestamp", 12, 12)
    case "date-time":
      return simple("timestamp", 21, 32)
    default:
      return simple("string", 2, maxStringSize(schema))
  }
}

function maxStringSize({ maxLength, enum: values }: JsonSchema): number {
  if (maxLength !== undefined) return charactersToBytes(maxLength)
  if (!values?.length) return maxRequestBytes - 2
  return Math.max(
    0,
    ...values.map((value) => (typeof value === "string" ? new TextEncoder().encode(value).length : 0)),
  )
}

// A character takes up to four bytes.
function charactersToBytes(maxLength: number): number {
  return Math.max(maxLength, 0) * 4
}

const text: JsonSchema = { type: "string" }

function withResourceFields(schema: JsonSchema): JsonSchema {
  const metadata: JsonSchema = { type: "object", properties: { name: text, generateName: text } }
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } }
}
