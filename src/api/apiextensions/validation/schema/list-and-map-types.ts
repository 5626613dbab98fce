import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import type { Errors } from "../../../validation/checks.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"
import { elementOf } from "./walk-schema.ts"

const listType = "x-kubernetes-list-type"
const listKeys = "x-kubernetes-list-map-keys"
const mapType = "x-kubernetes-map-type"

/** x-kubernetes-map-type, -list-type and -list-map-keys: how server-side apply sees the parts of a value. */
export function* validateListAndMapTypes(
  schema: JSONSchemaProps,
  path: FieldPath,
  lenient: { readonly sets: boolean; readonly keys: boolean },
): Errors {
  yield* validateMapType(schema, path)
  const kind = schema[listType]
  if (kind !== undefined && schema.type !== "array") {
    yield* wrongType(schema, path, `must be array if ${listType} is specified`)
  } else if (kind === "set" && !lenient.sets) yield* validateSetElement(schema, path)
  if (kind !== undefined && !["atomic", "set", "map"].includes(kind))
    yield unsupportedValue(path.child(listType), kind, ["atomic", "set", "map"])
  if ((schema[listKeys] ?? []).length > 0 && kind !== "map") {
    const detail = `must be map if ${listKeys} is non-empty`
    if (kind === undefined) yield requiredValue(path.child(listType), detail)
    else yield invalidValue(path.child(listType), kind, detail)
  }
  if (kind === "map") yield* validateListMap(schema, path)
  if (!lenient.keys) yield* validateKeys(schema, path)
}

function* validateMapType(schema: JSONSchemaProps, path: FieldPath): Errors {
  const kind = schema[mapType]
  if (kind === undefined) return
  if (schema.type !== "object") yield* wrongType(schema, path, `must be object if ${mapType} is specified`)
  if (kind !== "atomic" && kind !== "granular")
    yield unsupportedValue(path.child(mapType), kind, ["atomic", "granular"])
}

function* wrongType({ type }: JSONSchemaProps, path: FieldPath, detail: string): Errors {
  if (!type) yield requiredValue(path.child("type"), detail)
  else yield invalidValue(path.child("type"), type, detail)
}

function* validateSetElement(schema: JSONSchemaProps, path: FieldPath): Errors {
  const element = elementOf(schema)
  if (!element || isAtomic(element)) return
  const name = element.type === "array" ? listType : mapType
  const detail = `must be atomic as item of a list with ${listType}=set`
  yield invalidValue(path.child("items").child(name), element[listType] ?? null, detail)
}

/** An element of a set has one owner as a whole. */
function isAtomic(element: JSONSchemaProps): boolean {
  if (element.type === "array") return (element[listType] ?? "atomic") === "atomic"
  return element.type !== "object" || element[mapType] === "atomic"
}

export function hasNonAtomicSet(schema: JSONSchemaProps): boolean {
  const element = elementOf(schema)
  return schema[listType] === "set" && element !== undefined && !isAtomic(element)
}

function* validateListMap(schema: JSONSchemaProps, path: FieldPath): Errors {
  const keys = schema[listKeys] ?? []
  if (keys.length === 0) yield requiredValue(path.child(listKeys), `must not be empty if ${listType} is map`)
  const { items } = schema
  if (!items) {
    yield requiredValue(path.child("items"), `must have a schema if ${listType} is map`)
    return
  }
  const element = elementOf(schema)
  if (!element) {
    yield invalidValue(path.child("items"), items, `must only have a single schema if ${listType} is map`)
    return
  }
  if (element.type !== "object") {
    const detail = `must be object if parent array's ${listType} is map`
    yield invalidValue(path.child("items").child("type"), element.type ?? "", detail)
    return
  }
  yield* validateKeyNames(keys, element, path)
}

function* validateKeyNames(keys: readonly string[], element: JSONSchemaProps, path: FieldPath): Errors {
  const seen = new Set<string>()
  for (const key of keys) {
    const { properties = {} } = element
    const member = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (!member)
      yield invalidValue(path.child(listKeys), keys, "entries must all be names of item properties")
    else if (member.type === "array" || member.type === "object") {
      const at = path.child("items").child("properties").key(key).child("type")
      yield invalidValue(at, element.type, `must be a scalar type if parent array's ${listType} is map`)
    }
    if (seen.has(key)) yield invalidValue(path.child(listKeys), keys, "must not contain duplicate entries")
    seen.add(key)
  }
}

/** Elements that are told apart must be there, and so must what tells them apart. */
export function* validateKeys(schema: JSONSchemaProps, path: FieldPath): Errors {
  const element = elementOf(schema)
  const kind = schema[listType]
  if (!element || (kind !== "set" && kind !== "map")) return
  const items = path.child("items")
  if (element.nullable)
    yield forbiddenValue(items.child("nullable"), `cannot be nullable when ${listType} is ${kind}`)
  if (kind !== "map") return
  for (const key of schema[listKeys] ?? []) {
    const member = element.properties?.[key]
    if (!member) continue
    const at = items.child("properties").key(key)
    const isKey = `this property is in ${listKeys}, so it`
    if (!element.required?.includes(key) && (member.default === undefined || member.default === null))
      yield requiredValue(at.child("default"), `${isKey} must have a default or be a required property`)
    if (member.nullable) yield forbiddenValue(at.child("nullable"), `${isKey} cannot be nullable`)
  }
}
