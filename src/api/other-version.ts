import type { KubeObject } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import { type Field, type ObjectSchema, resolve, type SchemaRef } from "../apimachinery/schema.ts"

/**
 * The same kind under another version of its group, where upstream kept the shape: fields, numbers and validation are
 * those of `original`, and only the definitions' names in OpenAPI differ.
 *
 * @param shared definitions that upstream's other version takes over under their old name
 *
 * @example
 * export const IPAddress = otherVersion(V1IPAddress, "v1beta1")
 */
export function otherVersion<T extends KubeObject>(
  original: Resource<T>,
  version: string,
  shared: readonly string[] = [],
): Resource<T> {
  const { storedAs, ...rest } = original
  const stored = storedAs ?? { group: original.group, version: original.version }
  return {
    ...rest,
    version,
    schema: renameDefinitions(original.schema, original.version, version, new Set(shared)),
    ...(stored.version !== version && { storedAs: stored }),
  }
}

/** Renames the definitions of the package that `schema` belongs to, and leaves those of other packages as they are. */
function renameDefinitions(
  schema: ObjectSchema,
  from: string,
  to: string,
  shared: ReadonlySet<string>,
): ObjectSchema {
  const oldPrefix = packageOf(schema.name ?? "")
  const newPrefix = oldPrefix.replace(`.${from}.`, `.${to}.`)
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
    const name = object.name ?? ""
    if (packageOf(name) !== oldPrefix || shared.has(name.slice(oldPrefix.length))) return object
    const fields: Record<string, Field> = {}
    for (const [fieldName, field] of Object.entries(object.fields)) {
      fields[fieldName] = { ...field, schema: rename(field.schema) }
    }
    return { ...object, name: newPrefix + name.slice(oldPrefix.length), fields }
  }
  return renameObject(schema)
}

/** "io.k8s.api.core.v1." of "io.k8s.api.core.v1.Pod". */
function packageOf(name: string): string {
  return name.slice(0, name.lastIndexOf(".") + 1)
}
