import { type FieldError, forbiddenValue, invalidValue } from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import type { Errors } from "../../../validation/checks.ts"
import type { CustomResourceValidation } from "../../v1/custom-resource-definition.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"
import { validateDefaults } from "./defaults.ts"
import { type CheckRules, type SchemaLeniency, validateOpenApiSchema } from "./open-api-schema.ts"
import { RuleChecker } from "./rules.ts"
import { validateStructural } from "./structural.ts"

export interface VersionLeniency extends SchemaLeniency {
  readonly structure: boolean
  readonly defaults: boolean
  /** Rules as they are already may cost what they cost. */
  readonly ruleCost: boolean
}

/** The schema of one version, or of all where they have the same. */
export function* validateSchema(
  validation: CustomResourceValidation | undefined,
  path: FieldPath,
  hasStatus: boolean,
  lenient: VersionLeniency,
): Errors {
  const schema = validation?.openAPIV3Schema
  if (!schema) return
  const at = path.child("openAPIV3Schema")
  if (hasStatus) yield* validateRootKeywords(schema, at)
  if (schema.nullable)
    yield forbiddenValue(path.child("openAPIV3Schema.nullable"), "nullable cannot be true at the root")
  const structure = lenient.structure ? [] : structuralErrors(schema, at, lenient)
  yield* structure
  const rules = new RuleChecker(lenient.ruleCost)
  const check: CheckRules = structure.length === 0 ? (...place) => rules.check(...place) : () => []
  yield* validateOpenApiSchema(schema, at, lenient, check)
  yield* rules.totalCostErrors(at)
}

function structuralErrors(schema: JSONSchemaProps, path: FieldPath, lenient: VersionLeniency): FieldError[] {
  const errors = validateStructural(schema, path)
  if (errors.length > 0) return errors
  return [...validateDefaults(schema, path, { mustBePruned: !lenient.defaults })]
}

/** The status is validated alone, by what stands under its name: what else the root says would be lost. */
function* validateRootKeywords(schema: JSONSchemaProps, path: FieldPath): Errors {
  if (schema.type !== undefined && schema.type !== "object") {
    const detail = `only "object" is allowed as the type at the root of the schema if the status subresource is enabled`
    yield invalidValue(`${path}.type`, schema.type, detail)
    return
  }
  const stranger = Object.entries(schema).find(
    ([name, value]) => value !== undefined && value !== false && !Object.hasOwn(rootKeywords, name),
  )
  if (!stranger) return
  const allowed = Object.values(rootKeywords).join(" ")
  const detail = `only [${allowed}] fields are allowed at the root of the schema if the status subresource is enabled`
  yield invalidValue(path, schema, detail)
}

/** By their names in JSON: those in upstream's message. */
const rootKeywords: Readonly<Record<string, string>> = {
  description: "Description",
  type: "Type",
  format: "Format",
  title: "Title",
  maximum: "Maximum",
  exclusiveMaximum: "ExclusiveMaximum",
  minimum: "Minimum",
  exclusiveMinimum: "ExclusiveMinimum",
  maxLength: "MaxLength",
  minLength: "MinLength",
  pattern: "Pattern",
  maxItems: "MaxItems",
  minItems: "MinItems",
  uniqueItems: "UniqueItems",
  multipleOf: "MultipleOf",
  required: "Required",
  items: "Items",
  properties: "Properties",
  externalDocs: "ExternalDocs",
  example: "Example",
  "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
  "x-kubernetes-validations": "XValidations",
}
