import { ObjectMeta } from "../meta.ts"
import {
  bool,
  double,
  type Field,
  int64,
  intOrString,
  json,
  type ObjectSchema,
  type Schema,
  string,
} from "../schema.ts"
import { itemsOf, type JsonSchema } from "./json-schema.ts"

/**
 * A definition's schema in the form that every walker of objects knows: a custom resource is decoded, pruned, defaulted,
 * applied and printed by the same code as a Deployment. Value validations stay with the JSON schema (validate-value.ts).
 *
 * @param schema the root, `spec.versions[].schema.openAPIV3Schema`; structural, which the definition's validation sees to
 */
export function objectSchemaOf(schema: JsonSchema): ObjectSchema {
  return objectOf({ ...schema, "x-kubernetes-embedded-resource": true }, false)
}

const scalars: Readonly<Record<string, Schema>> = { string, integer: int64, number: double, boolean: bool }

/** One part of a schema. `preserve`: a list above keeps unknown members of its elements. */
export function schemaOf(schema: JsonSchema, preserve = false): Schema {
  const nullable = schema.nullable ? { nullable: true } : {}
  const keepsUnknown = preserve || schema["x-kubernetes-preserve-unknown-fields"] === true
  if (schema["x-kubernetes-int-or-string"]) return { ...intOrString, ...nullable }
  const items = itemsOf(schema)
  if (schema.type === "array" || (items && !schema.type)) return listOf(schema, items, keepsUnknown)
  if (schema.type === "object" || schema.properties || schema.additionalProperties) {
    return hasAnyNames(schema) ? mapOf(schema) : objectOf(schema, keepsUnknown)
  }
  return { ...(scalars[schema.type ?? ""] ?? json), ...nullable }
}

/** Members of any name, each by one schema; listing names beside is forbidden in a structural schema. */
function hasAnyNames({ additionalProperties, properties }: JsonSchema): boolean {
  return Boolean(additionalProperties) && Object.keys(properties ?? {}).length === 0
}

function listOf(schema: JsonSchema, items: JsonSchema | undefined, keepsUnknown: boolean): Schema {
  const type = schema["x-kubernetes-list-type"]
  const keys = schema["x-kubernetes-list-map-keys"]
  return {
    kind: "list",
    element: items ? schemaOf(items, keepsUnknown) : json,
    listType: type === "set" || type === "map" ? type : "atomic",
    ...(keys && keys.length > 0 && { keys }),
    ...(schema.nullable && { nullable: true }),
  }
}

function mapOf(schema: JsonSchema): Schema {
  const { additionalProperties } = schema
  return {
    kind: "map",
    // Where any value may stand, objects lose what they hold: nothing declares it.
    value: typeof additionalProperties === "object" ? schemaOf(additionalProperties, false) : emptyObject,
    ...(schema["x-kubernetes-map-type"] === "atomic" && { atomic: true }),
    ...(schema.nullable && { nullable: true }),
  }
}

const emptyObject: ObjectSchema = { kind: "object", fields: {} }

const metaFields: Readonly<Record<string, Field>> = {
  kind: { schema: string, presence: "explicit" },
  apiVersion: { schema: string, presence: "explicit" },
  metadata: { schema: ObjectMeta, presence: "explicit" },
}

function objectOf(schema: JsonSchema, keepsUnknown: boolean): ObjectSchema {
  const isResource = schema["x-kubernetes-embedded-resource"] === true
  const declared = Object.entries(schema.properties ?? {})
    .filter(([name]) => !isResource || !Object.hasOwn(metaFields, name))
    .map(([name, member]) => [name, fieldOf(member, schema.required?.includes(name) ?? false)] as const)
  return {
    kind: "object",
    fields: { ...(isResource && metaFields), ...Object.fromEntries(declared) },
    ...(schema["x-kubernetes-map-type"] === "atomic" && { atomic: true }),
    ...((keepsUnknown || schema["x-kubernetes-preserve-unknown-fields"]) && { preserveUnknownFields: true }),
    ...(isResource && { embeddedResource: true }),
    ...(schema.nullable && { nullable: true }),
  }
}

function fieldOf(member: JsonSchema, required: boolean): Field {
  return {
    schema: schemaOf(member, false),
    presence: "explicit",
    ...(required && { required }),
    ...(member.default !== undefined && member.default !== null && { default: member.default }),
  }
}
