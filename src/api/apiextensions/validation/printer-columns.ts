import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import type { CustomResourceColumnDefinition } from "../v1/custom-resource-definition.ts"
import { simpleJsonPath } from "./subresources.ts"

const types = ["boolean", "date", "integer", "number", "string"]
const formats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"]

export function* validatePrinterColumns(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
  path: FieldPath,
): Errors {
  for (const [index, column] of (columns ?? []).entries()) yield* validateColumn(column, path.index(index))
}

function* validateColumn(
  { name, type, format, jsonPath }: CustomResourceColumnDefinition,
  path: FieldPath,
): Errors {
  if (!name) yield requiredValue(path.child("name"))
  const oneOfTypes = `must be one of ${types.join(",")}`
  if (!type) yield requiredValue(path.child("type"), oneOfTypes)
  else if (!types.includes(type)) yield invalidValue(path.child("type"), type, oneOfTypes)
  if (format && !formats.includes(format))
    yield invalidValue(path.child("format"), format, `must be one of ${formats.join(",")}`)
  if (!jsonPath) yield requiredValue(path.child("JSONPath"))
  else yield* simpleJsonPath(jsonPath, path.child("JSONPath"))
}
