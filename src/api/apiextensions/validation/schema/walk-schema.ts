import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"

/** The schemas directly within one, whatever they are for. */
export function* childrenOf(schema: JSONSchemaProps): Iterable<JSONSchemaProps> {
  const { items, additionalProperties, additionalItems, not } = schema
  if (Array.isArray(items)) yield* items
  else if (items) yield items
  for (const list of [schema.allOf, schema.anyOf, schema.oneOf]) yield* list ?? []
  if (not) yield not
  for (const map of [schema.properties, schema.patternProperties, schema.definitions])
    yield* Object.values(map ?? {})
  for (const schemaOrBool of [additionalProperties, additionalItems])
    if (typeof schemaOrBool === "object") yield schemaOrBool
  for (const each of Object.values(schema.dependencies ?? {})) if (!Array.isArray(each)) yield each
}

/** A schema and all that are in it, outer before inner. */
export function* allSchemas(schema: JSONSchemaProps | undefined): Iterable<JSONSchemaProps> {
  if (!schema) return
  yield schema
  for (const child of childrenOf(schema)) yield* allSchemas(child)
}

/** The schema of a list's elements, where there is one for all. */
export function elementOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return Array.isArray(items) ? undefined : items
}

/** The schema of members of any name. */
export function anyMemberOf({ additionalProperties }: JSONSchemaProps): JSONSchemaProps | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined
}
