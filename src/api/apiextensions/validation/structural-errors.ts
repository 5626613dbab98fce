import { type FieldError, invalidValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import type { CustomResourceDefinitionSpec } from "../v1/custom-resource-definition.ts"
import { validateStructural } from "./schema/structural.ts"

/** What is wrong with the structure of schemas that were stored before it was demanded. */
export function structuralErrors({
  versions,
  preserveUnknownFields,
}: CustomResourceDefinitionSpec): FieldError[] {
  const errors: FieldError[] = preserveUnknownFields
    ? [invalidValue("spec.preserveUnknownFields", true, "must be false")]
    : []
  for (const [index, { schema }] of (versions ?? []).entries()) {
    if (!schema?.openAPIV3Schema) continue
    const path = fieldPath("spec", "versions").index(index).child("schema", "openAPIV3Schema")
    errors.push(...validateStructural(schema.openAPIV3Schema, path))
  }
  return errors
}
