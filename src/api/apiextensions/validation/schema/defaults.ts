import { type FieldError, invalidValue } from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import { copyJson, deepFreeze } from "../../../../apimachinery/freeze.ts"
import { jsonEqual } from "../../../../apimachinery/json-equal.ts"
import type { JsonSchema } from "../../../../apimachinery/json-schema/json-schema.ts"
import { schemaOf } from "../../../../apimachinery/json-schema/to-schema.ts"
import { validateEmbeddedObjects } from "../../../../apimachinery/json-schema/validate-embedded.ts"
import { validateJsonValue } from "../../../../apimachinery/json-schema/validate-value.ts"
import { validateRules } from "../../../../apimachinery/validation-rules/validate-rules.ts"
import { normalize } from "../../../../apimachinery/structural.ts"
import type { Errors } from "../../../validation/checks.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"
import { elementOf } from "./walk-schema.ts"

/** Defaults must be valid themselves, and must survive pruning. */
export function* validateDefaults(
  schema: JSONSchemaProps,
  path: FieldPath,
  options: { readonly mustBePruned: boolean },
): Errors {
  yield* validateIn({ ...schema, "x-kubernetes-embedded-resource": true }, path, false, options)
}

function* validateIn(
  schema: JSONSchemaProps,
  path: FieldPath,
  isInMetadata: boolean,
  options: { readonly mustBePruned: boolean },
): Errors {
  const isResource = schema["x-kubernetes-embedded-resource"] === true
  const isMetadata = isInMetadata && !isResource
  const { default: value, properties = {} } = schema
  if (value !== undefined && value !== null)
    yield* validateDefault(schema, value, path.child("default"), isMetadata, options)
  const items = elementOf(schema)
  if (items) yield* validateIn(items, path.child("items"), isMetadata, options)
  for (const [name, member] of Object.entries(properties)) {
    const isMeta = isResource && ["metadata", "apiVersion", "kind"].includes(name)
    yield* validateIn(member, path.child("properties").key(name), isMetadata || isMeta, options)
  }
}

function* validateDefault(
  schema: JSONSchemaProps,
  value: unknown,
  path: FieldPath,
  isInMetadata: boolean,
  { mustBePruned }: { readonly mustBePruned: boolean },
): Errors {
  if (!isInMetadata) {
    if (mustBePruned && !isPruned(schema, value))
      yield invalidValue(path, value, "must not have unknown fields")
    const embedded = validateEmbeddedObjects(schema, value)
    if (embedded.length > 0) {
      yield* embedded.map((error) => under(path, error))
      return
    }
  }
  const errors = validateJsonValue(schema, value)
  yield* errors.map((error) => under(path, error))
  if (errors.length > 0) return
  // As a value that stays, and as one that comes: rules may tell the two apart.
  const kept = validateRules(schema, value, { old: value, path })
  yield* kept
  if (kept.length === 0) yield* validateRules(schema, value, { path })
}

function isPruned(schema: JsonSchema, value: unknown): boolean {
  // A member of an object is walked like any other value.
  const holder = {
    kind: "object",
    fields: { value: { schema: schemaOf(schema), presence: "explicit" } },
  } as const
  const kept = normalize(holder, deepFreeze(copyJson({ value })) as object) as { value?: unknown }
  return jsonEqual(kept.value, value)
}

function under(path: FieldPath, error: FieldError): FieldError {
  const field = error.field === "" || error.field === "<nil>" ? String(path) : `${path}.${error.field}`
  return { ...error, field }
}
