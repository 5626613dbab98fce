import type { KubeObject } from "../apimachinery/meta.ts"
import type { Conversion, Resource } from "../apimachinery/resource.ts"
import { type Field, type ObjectSchema, resolve, type SchemaRef } from "../apimachinery/schema.ts"

/** Where another version of a kind is not word for word the original. */
export interface Differences<T extends KubeObject> {
  /** Definitions that upstream's other version takes over under their old name: "MatchCondition". */
  readonly shared?: readonly string[]
  /** Definitions of the other version's own, each in the place of the original's of the same name. */
  readonly replaced?: readonly ObjectSchema[]
  /** Needed where what is replaced changes the object's shape. */
  readonly conversion?: Conversion<T>
}

/**
 * The same kind under another version of its group. Where upstream kept the shape, fields, numbers, defaults and columns
 * are those of `original`, and only the definitions' names in OpenAPI differ; `differences` says the rest.
 *
 * @example
 * export const IPAddress = otherVersion(V1IPAddress, "v1beta1")
 */
export function otherVersion<T extends KubeObject, Other extends KubeObject = T>(
  original: Resource<T>,
  version: string,
  differences: Differences<Other> = {},
): Resource<Other> {
  const { storedAs, ...rest } = original
  const stored = storedAs ?? { group: original.group, version: original.version }
  const served: Resource = {
    ...rest,
    version,
    schema: renameDefinitions(original.schema, original.version, version, differences),
    ...(stored.version !== version && { storedAs: stored }),
    ...(differences.conversion && { conversion: differences.conversion }),
  }
  return served as Resource<Other>
}

/** Renames the definitions of the package that `schema` belongs to, and leaves those of other packages as they are. */
function renameDefinitions(
  schema: ObjectSchema,
  from: string,
  to: string,
  { shared = [], replaced = [] }: Pick<Differences<KubeObject>, "shared" | "replaced">,
): ObjectSchema {
  const oldPrefix = packageOf(schema.name ?? "")
  const newPrefix = oldPrefix.replace(`.${from}.`, `.${to}.`)
  const replacements = new Map(replaced.map((each) => [each.name, each]))
  const renamed = new Map<SchemaRef, SchemaRef>()

  const rename = (ref: SchemaRef): SchemaRef => {
    const known = renamed.get(ref)
    if (known) return known
    const result = renameOne(resolve(ref))
    renamed.set(ref, result)
    return result
  }
  const renameOne = (each: ReturnType<typeof resolve>): SchemaRef => {
    if (each.kind === "list") return { ...each, element: rename(each.element) }
    if (each.kind === "map") return { ...each, value: rename(each.value) }
    return each.kind === "object" ? renameObject(each) : each
  }
  const renameObject = (object: ObjectSchema): ObjectSchema => {
    const prefix = packageOf(object.name ?? "")
    if (prefix !== oldPrefix && prefix !== newPrefix) return object
    const bareName = (object.name ?? "").slice(prefix.length)
    if (shared.includes(bareName)) return object
    const name = newPrefix + bareName
    const shape = replacements.get(name) ?? object
    const fields: Record<string, Field> = {}
    for (const [fieldName, field] of Object.entries(shape.fields)) {
      fields[fieldName] = { ...field, schema: rename(field.schema) }
    }
    return { ...shape, name, fields }
  }
  return renameObject(schema)
}

/** "io.k8s.api.core.v1." of "io.k8s.api.core.v1.Pod". */
function packageOf(name: string): string {
  return name.slice(0, name.lastIndexOf(".") + 1)
}
