import { declareSchema } from "../../apimachinery/cel/schema-type.ts"
import type { CelType } from "../../apimachinery/cel/types/cel-type.ts"
import type { JsonSchema } from "../../apimachinery/json-schema/json-schema.ts"

/** The parts of an OpenAPI document that are read here. */
export interface OpenApiDocument {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, OpenApiSchema>> }
}

export interface OpenApiSchema extends JsonSchema {
  readonly $ref?: string
  readonly "x-kubernetes-group-version-kind"?: readonly Kind[]
}

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** The kind of a resource, from the operations at its path; undefined when it is not in the document. */
export function kindOfResource(document: OpenApiDocument, plural: string): string | undefined {
  const isOwn = (path: string) =>
    path.endsWith(`/${plural}`) && !path.includes("/watch/") && !/\/\{name\}\//.test(path)
  const path = Object.keys(document.paths ?? {}).find(isOwn)
  const operations = Object.values((path && document.paths?.[path]) || {}) as Readonly<
    Record<string, unknown>
  >[]
  const kinds = operations.map(
    (operation) => operation["x-kubernetes-group-version-kind"] as Kind | undefined,
  )
  return kinds.find((kind) => kind !== undefined)?.kind
}

/** What expressions see of objects of a kind; undefined when the document does not know it. */
export function typeOfKind(document: OpenApiDocument, wanted: Kind): CelType | undefined {
  const schemas = document.components?.schemas ?? {}
  const isWanted = ({ group, version, kind }: Kind) =>
    group === wanted.group && version === wanted.version && kind === wanted.kind
  const schema = Object.values(schemas).find((each) =>
    each["x-kubernetes-group-version-kind"]?.some(isWanted),
  )
  return schema && declareSchema(expand(schema, schemas, []), { name: wanted.kind })?.type
}

/**
 * The schema with its references put in. A type inside of itself (JSONSchemaProps) is cut off: expressions can't see it.
 */
function expand(
  schema: OpenApiSchema,
  schemas: Readonly<Record<string, OpenApiSchema>>,
  within: readonly string[],
): JsonSchema {
  const [wrapped]: readonly OpenApiSchema[] = schema.allOf ?? []
  const inner = schema.$ref ?? wrapped?.$ref
  if (inner !== undefined) {
    const name = inner.slice(inner.lastIndexOf("/") + 1)
    const target = schemas[name]
    return !target || within.includes(name) ? {} : expand(target, schemas, [...within, name])
  }
  const { items, properties, additionalProperties } = schema
  const inside = (each: JsonSchema) => expand(each, schemas, within)
  return {
    ...schema,
    ...(isQuantity(schema) && { type: "string" }),
    ...(items && !Array.isArray(items) && { items: inside(items as JsonSchema) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inside(each)])),
    }),
    ...(typeof additionalProperties === "object" && { additionalProperties: inside(additionalProperties) }),
  }
}

// A quantity may be written as a number; what is stored and seen is a text.
function isQuantity({ type, format, oneOf }: JsonSchema): boolean {
  return (
    type === undefined && format === undefined && (oneOf?.some((each) => each.type === "string") ?? false)
  )
}
