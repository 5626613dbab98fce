import {
  type FieldError,
  forbiddenValue,
  formatFieldError,
  invalidValue,
  requiredValue,
} from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import { compilePattern } from "../../../../apimachinery/json-schema/patterns.ts"
import type { Errors } from "../../../validation/checks.ts"
import { semanticEqual } from "../../../validation/semantic-equal.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"
import { anyMemberOf, elementOf } from "./walk-schema.ts"

/**
 * A structural schema gives every value a type of its own, and what stands under allOf, anyOf, oneOf and not only narrows
 * it (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 * This is what makes pruning, defaulting and publishing possible.
 */
export function validateStructural(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  const errors = [...invariants(schema, "root", path), ...completeness(schema, schema, path, path)]
  return errors.sort((a, b) => (formatFieldError(a) < formatFieldError(b) ? -1 : 1))
}

type Level = "root" | "item" | "field"

const missingType: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
}

function* invariants(schema: JSONSchemaProps, level: Level, path: FieldPath): Errors {
  const items = elementOf(schema)
  if (schema.type === "array" && !items) yield requiredValue(path.child("items"), "must be specified")
  if (items) yield* invariants(items, "item", path.child("items"))
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    yield* invariants(member, "field", path.child("properties").key(name))
  if (schema.additionalProperties !== undefined) {
    if (level === "root")
      yield forbiddenValue(path.child("additionalProperties"), "must not be used at the root")
    const member = anyMemberOf(schema)
    if (member) yield* invariants(member, "field", path.child("additionalProperties"))
  }
  yield* validateIntOrString(schema, path)
  yield* narrowings(schema, isIntOrString(schema.anyOf), isIntOrString(schema.allOf?.[0]?.anyOf), path)
  yield* validateType(schema, level, path)
  yield* validateTypeMeta(schema, level, path)
}

function* validateIntOrString(schema: JSONSchemaProps, path: FieldPath): Errors {
  if (!schema["x-kubernetes-int-or-string"]) return
  for (const name of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (schema[name])
      yield invalidValue(path.child(name), true, "must be false if x-kubernetes-int-or-string is true")
  }
}

function* validateType(schema: JSONSchemaProps, level: Level, path: FieldPath): Errors {
  const { type } = schema
  const isEmbedded = schema["x-kubernetes-embedded-resource"]
  if (isEmbedded && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true"
    if (!type) yield requiredValue(path.child("type"), detail)
    else yield invalidValue(path.child("type"), type, detail)
  } else if (
    !type &&
    !schema["x-kubernetes-int-or-string"] &&
    !schema["x-kubernetes-preserve-unknown-fields"]
  ) {
    yield requiredValue(path.child("type"), missingType[level])
  }
  if (isEmbedded && schema.additionalProperties !== undefined) {
    const detail = "must not be used if x-kubernetes-embedded-resource is set"
    yield forbiddenValue(path.child("additionalProperties"), detail)
  }
  if (level === "root" && type && type !== "object")
    yield invalidValue(path.child("type"), type, "must be object at the root")
}

/** What stands in the place of an object's own type and metadata may not contradict them. */
function* validateTypeMeta(schema: JSONSchemaProps, level: Level, path: FieldPath): Errors {
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true
  const { properties = {} } = schema
  if (level === "root" || isEmbedded) {
    for (const name of ["kind", "apiVersion"]) {
      const member = properties[name]
      if (member && member.type !== "string")
        yield invalidValue(
          path.child("properties").key(name).child("type"),
          member.type ?? "",
          "must be string",
        )
    }
  }
  const { metadata } = properties
  if (metadata) yield* validateMetadata(metadata, isEmbedded, level, path.child("properties").key("metadata"))
  if (isEmbedded && !schema["x-kubernetes-preserve-unknown-fields"] && Object.keys(properties).length === 0) {
    const detail =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
    yield requiredValue(path.child("properties"), detail)
  }
}

function* validateMetadata(
  schema: JSONSchemaProps,
  isEmbedded: boolean,
  level: Level,
  path: FieldPath,
): Errors {
  if ((level === "root" || isEmbedded) && schema.type !== "object")
    yield invalidValue(path.child("type"), schema.type ?? "", "must be object")
  if (level !== "root") return
  const { properties = {}, type: _, default: __, ...rest } = schema
  const names = Object.keys(properties)
  const onlyNames = names.every((name) => name === "name" || name === "generateName")
  const others = Object.values(rest).some((value) => value !== undefined && value !== false)
  if (onlyNames && !others) return
  const detail =
    "must not specify anything other than name and generateName, but metadata is implicitly specified"
  yield forbiddenValue(path, detail)
}

function isIntOrString(schemas: readonly JSONSchemaProps[] | undefined): boolean {
  return semanticEqual(schemas ?? [], [{ type: "integer" }, { type: "string" }])
}

/** What narrows a value: alternatives, and the pattern. */
function* narrowings(
  schema: JSONSchemaProps,
  skipAnyOf: boolean,
  skipFirstAllOf: boolean,
  path: FieldPath,
): Errors {
  if (!skipAnyOf) yield* nestedAll(schema.anyOf, path.child("anyOf"))
  for (const [index, each] of (schema.allOf ?? []).entries())
    yield* nested(each, skipFirstAllOf && index === 0, path.child("allOf").index(index))
  yield* nestedAll(schema.oneOf, path.child("oneOf"))
  if (schema.not) yield* nested(schema.not, false, path.child("not"))
  if (schema.pattern) yield* validatePattern(schema.pattern, path.child("pattern"))
}

function* validatePattern(pattern: string, path: FieldPath): Errors {
  try {
    compilePattern(pattern)
  } catch (error) {
    const why = (error as Error).message
    yield invalidValue(path, pattern, `must be a valid regular expression, but isn't: ${why}`)
  }
}

function* nestedAll(schemas: readonly JSONSchemaProps[] | undefined, path: FieldPath): Errors {
  for (const [index, each] of (schemas ?? []).entries()) yield* nested(each, false, path.index(index))
}

const forbiddenInNested = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
] as const

/** A schema under allOf, anyOf, oneOf or not: it says nothing about the type. */
function* nested(schema: JSONSchemaProps, skipAnyOf: boolean, path: FieldPath): Errors {
  yield* narrowings(schema, skipAnyOf, false, path)
  const items = elementOf(schema)
  if (items) yield* nested(items, false, path.child("items"))
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    yield* nested(member, false, path.child("properties").key(name))
  for (const [name, detail] of forbiddenInNested) {
    const value: unknown = schema[name]
    const isUnset = value === undefined || value === false || value === "" || isEmptyList(value)
    if (name === "additionalProperties" ? value !== undefined : !isUnset)
      yield forbiddenValue(path.child(name), detail)
  }
  if (schema.properties && Object.hasOwn(schema.properties, "metadata"))
    yield forbiddenValue(
      path.child("properties").key("metadata"),
      "must not be specified in a nested context",
    )
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Everything that is narrowed must be declared, too. */
function* completeness(
  schema: JSONSchemaProps,
  declared: JSONSchemaProps | undefined,
  declaredPath: FieldPath,
  path: FieldPath,
): Errors {
  const groups = ["allOf", "anyOf", "oneOf"] as const
  if (schema.not) yield* nestedCompleteness(schema.not, declared, declaredPath, path.child("not"))
  for (const group of groups) {
    for (const [index, each] of (schema[group] ?? []).entries())
      yield* nestedCompleteness(each, declared, declaredPath, path.child(group).index(index))
  }
}

function* nestedCompleteness(
  schema: JSONSchemaProps,
  declared: JSONSchemaProps | undefined,
  declaredPath: FieldPath,
  path: FieldPath,
): Errors {
  if (!declared) {
    yield requiredValue(declaredPath, `because it is defined in ${path}`)
    return
  }
  yield* completeness(schema, declared, declaredPath, path)
  const items = elementOf(schema)
  if (items)
    yield* nestedCompleteness(items, elementOf(declared), declaredPath.child("items"), path.child("items"))
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const from = path.child("properties").key(name)
    const to = declaredPath.child("properties").key(name)
    const { properties } = declared
    const own = properties && Object.hasOwn(properties, name) ? properties[name] : undefined
    yield* nestedCompleteness(member, own, to, from)
  }
}
