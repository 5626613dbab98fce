import { duplicateValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"

/** Each type once. */
export function* conditionTypes(conditions: readonly { readonly type?: string }[] = []): Errors {
  const types = new Set<string>()
  for (const [index, { type = "" }] of conditions.entries()) {
    const at = fieldPath("status", "conditions").index(index).child("type")
    if (types.has(type)) yield duplicateValue(at, type)
    types.add(type)
    if (!type) yield requiredValue(at)
  }
}
