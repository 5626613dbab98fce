import { duplicateValue, invalidValue, requiredValue, tooMany } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { parseRulePath, type RulePath } from "../../../apimachinery/json-schema/rule-path.ts"
import type { Errors } from "../../validation/checks.ts"
import type { SelectableField } from "../v1/custom-resource-definition.ts"
import type { JSONSchemaProps } from "../v1/json-schema-props.ts"

const most = 8

export function* validateSelectableFields(
  fields: readonly SelectableField[] | undefined,
  schema: JSONSchemaProps | undefined,
  path: FieldPath,
  mayBeMany: boolean,
): Errors {
  if (!fields || fields.length === 0) return
  if (!schema) {
    const detail = "may only be set when `version.schema.openAPIV3Schema` is not included"
    yield invalidValue(path, "", detail)
    return
  }
  const seen = new Set<string>()
  for (const [index, { jsonPath }] of fields.entries()) {
    const at = path.index(index).child("jsonPath")
    if (!jsonPath) {
      yield requiredValue(at)
      continue
    }
    const parsed = parse(jsonPath, schema)
    if (typeof parsed === "string") {
      yield invalidValue(at, jsonPath, `is an invalid path: ${parsed}`)
      continue
    }
    yield* validateField(parsed, jsonPath, at)
    const name = parsed.steps.map((step) => step.name).join(".")
    if (seen.has(name)) yield duplicateValue(at, jsonPath)
    seen.add(name)
  }
  if (seen.size > most && !mayBeMany) yield tooMany(path, seen.size, most)
}

function parse(text: string, schema: JSONSchemaProps): RulePath | string {
  try {
    return parseRulePath(text, schema, { allowsBrackets: false })
  } catch (error) {
    return (error as Error).message
  }
}

function* validateField({ steps, schema }: RulePath, jsonPath: string, path: FieldPath): Errors {
  if (steps[0]?.name === "metadata")
    yield invalidValue(path, jsonPath, "must not point to fields in metadata")
  if (["string", "boolean", "integer"].includes(schema.type ?? "")) return
  const detail =
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
  yield invalidValue(path, jsonPath, detail)
}
