import type { JsonSchema as DeclaredSchema } from "../../apimachinery/json-schema/json-schema.ts"
import type { Dialect, JsonSchema } from "./definitions.ts"

/** What upstream puts in the place of an object's own type and metadata, whatever the definition says there. */
export interface NativeProperties {
  readonly kind: JsonSchema
  readonly apiVersion: JsonSchema
  readonly metadata: JsonSchema
}

/**
 * The schema of a custom resource as OpenAPI publishes it: in version 3 what the definition says, in version 2 what kubectl
 * can cope with there, which knows no alternatives, no null, and no members beside those that are listed.
 */
export function customSchema(schema: DeclaredSchema, dialect: Dialect, native: NativeProperties): JsonSchema {
  if (dialect === "v2" && schema["x-kubernetes-preserve-unknown-fields"]) return { type: "object" }
  const published = dialect === "v2" ? publishV2(schema, native) : publishV3(schema, native)
  return { ...published, properties: { ...asRecord(published["properties"]), ...native } }
}

function publishV3(schema: DeclaredSchema, native: NativeProperties): JsonSchema {
  return withEmbedded(
    mapParts(unfold(schema), (part) => publishV3(part, native)),
    native,
  )
}

const intOrString = [{ type: "integer" }, { type: "string" }]

/** What "int or string" means, in words of JSON Schema. */
function unfold(schema: DeclaredSchema): DeclaredSchema {
  if (!schema["x-kubernetes-int-or-string"]) return schema
  if (isIntOrString(schema.anyOf) || isIntOrString(schema.allOf?.[0]?.anyOf)) return schema
  if (!schema.anyOf) return { ...schema, anyOf: intOrString }
  return { ...schema, allOf: [{ anyOf: intOrString }, ...(schema.allOf ?? [])] }
}

function isIntOrString(schemas: readonly DeclaredSchema[] | undefined): boolean {
  return JSON.stringify(schemas) === JSON.stringify(intOrString)
}

function publishV2(schema: DeclaredSchema, native: NativeProperties): JsonSchema {
  const { allOf: _, anyOf: __, oneOf: ___, not: ____, nullable, ...rest } = schema
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true
  const simple: Record<string, unknown> = { ...rest }
  if (nullable || keepsUnknown) {
    delete simple["items"]
    delete simple["properties"]
  }
  const isHollowList = simple["type"] === "array" && simple["items"] === undefined
  if (nullable || isHollowList || (keepsUnknown && simple["type"] === "object")) delete simple["type"]
  const required = requiredWithoutNull(schema)
  if (required.length > 0) simple["required"] = required
  else delete simple["required"]
  const published = mapParts(simple, (part) => publishV2(part, native))
  // Members that kubectl would know were the end of all others.
  return keepsUnknown ? published : withEmbedded(published, native)
}

function requiredWithoutNull({ required = [], properties, additionalProperties }: DeclaredSchema): string[] {
  if (typeof additionalProperties === "object" && additionalProperties.nullable) return []
  return required.filter((name) => properties?.[name]?.nullable !== true)
}

function withEmbedded(schema: JsonSchema, native: NativeProperties): JsonSchema {
  if (schema["x-kubernetes-embedded-resource"] !== true) return schema
  const required = (schema["required"] ?? []) as string[]
  const more = ["kind", "apiVersion"].filter((name) => !required.includes(name))
  return {
    ...schema,
    properties: { ...asRecord(schema["properties"]), ...native },
    required: [...required, ...more],
  }
}

function mapParts(
  schema: DeclaredSchema | JsonSchema,
  map: (part: DeclaredSchema) => JsonSchema,
): JsonSchema {
  const { items, properties, additionalProperties, ...rest } = schema as DeclaredSchema
  const members = Object.entries(properties ?? {}).map(([name, member]) => [name, map(member)] as const)
  return {
    ...withoutFalse(rest),
    ...(items !== undefined && { items: map(items as DeclaredSchema) }),
    ...(members.length > 0 && { properties: Object.fromEntries(members) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === "object" ? map(additionalProperties) : additionalProperties,
    }),
  }
}

/** Keywords that are false say nothing, and upstream does not write them. */
function withoutFalse(schema: object): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).filter(([name, value]) => value !== false || name === "default"),
  )
}

function asRecord(value: unknown): Record<string, unknown> {
  return (value ?? {}) as Record<string, unknown>
}
