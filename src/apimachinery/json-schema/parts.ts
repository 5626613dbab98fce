import { type FieldPath, fieldPath } from "../field-path.ts"
import { isRecord } from "../schema-plan.ts"
import { itemsOf, type JsonSchema, memberOf } from "./json-schema.ts"

/** A list or an object within a value, and what the schema says of it. */
export interface Part {
  readonly schema: JsonSchema
  readonly value: unknown
  readonly path: FieldPath
}

/** The lists and objects of a value that the schema describes, outer before inner. */
export function* partsOf(schema: JsonSchema, value: unknown, path = fieldPath()): Iterable<Part> {
  if (typeof value !== "object" || value === null) return
  yield { schema, value, path }
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (!items) return
    for (const [index, element] of value.entries()) yield* partsOf(items, element, path.index(index))
  } else if (isRecord(value)) {
    for (const [name, member] of Object.entries(value)) {
      const memberSchema = memberOf(schema, name)
      if (!memberSchema) continue
      const isDeclared = schema.properties !== undefined && Object.hasOwn(schema.properties, name)
      yield* partsOf(memberSchema, member, isDeclared ? path.child(name) : path.key(name))
    }
  }
}
