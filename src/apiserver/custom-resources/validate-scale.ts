import type { CustomResourceSubresourceScale } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { encodeJson } from "../../apimachinery/codec/json.ts"
import { type FieldError, invalidValue } from "../../apimachinery/field-error.ts"
import { isRecord } from "../../apimachinery/schema-plan.ts"

const maxInt32 = 2_147_483_647

/** What the scale subresource reads of an object must be what a scale can hold. */
export function* validateScaleSpec(
  { specReplicasPath }: CustomResourceSubresourceScale,
  object: object,
): Iterable<FieldError> {
  yield* validateReplicas(specReplicasPath, object)
}

export function* validateScaleStatus(
  { statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
  object: object,
): Iterable<FieldError> {
  yield* validateReplicas(statusReplicasPath, object)
  if (!labelSelectorPath) return
  const found = findNested(labelSelectorPath, object)
  if (found.error !== undefined) yield invalidValue(labelSelectorPath, "", found.error)
  else if (found.value !== undefined && typeof found.value !== "string")
    yield invalidValue(labelSelectorPath, "", wrongType(labelSelectorPath, found.value, "string"))
}

function* validateReplicas(path: string, object: object): Iterable<FieldError> {
  const { value, error } = findNested(path, object)
  if (error !== undefined) yield invalidValue(path, 0, error)
  else if (value === undefined) return
  else if (typeof value !== "number" || !Number.isInteger(value))
    yield invalidValue(path, 0, wrongType(path, value, "int64"))
  else if (value < 0) yield invalidValue(path, value, "should be a non-negative integer")
  else if (value > maxInt32) yield invalidValue(path, value, `should be less than or equal to ${maxInt32}`)
}

/** Absence is no error, a scalar where an object should be on the way is one. */
function findNested(path: string, object: object): { value?: unknown; error?: string } {
  const names = path.replace(/^\./, "").split(".")
  let value: unknown = object
  for (const [index, name] of names.entries()) {
    if (value === undefined) return {}
    if (!isRecord(value)) {
      const walked = `.${names.slice(0, index).join(".")}`
      return { error: wrongType(walked, value, "map[string]interface{}") }
    }
    value = value[name]
  }
  return { value }
}

function wrongType(path: string, value: unknown, expected: string): string {
  const at = path.startsWith(".") ? path : `.${path}`
  return `${at} accessor error: ${shown(value)} is of the type ${goType(value)}, expected ${expected}`
}

function shown(value: unknown): string {
  if (value === null) return "<nil>"
  return typeof value === "string" ? value : encodeJson(value)
}

function goType(value: unknown): string {
  if (value === null) return "<nil>"
  if (Array.isArray(value)) return "[]interface {}"
  switch (typeof value) {
    case "string":
      return "string"
    case "boolean":
      return "bool"
    case "number":
      return Number.isInteger(value) ? "int64" : "float64"
    default:
      return "map[string]interface {}"
  }
}
