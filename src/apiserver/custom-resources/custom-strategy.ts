import type { CustomResourceDefinitionVersion } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { type FieldError, invalidValue } from "../../apimachinery/field-error.ts"
import type { JsonSchema } from "../../apimachinery/json-schema/json-schema.ts"
import { Correlation } from "../../apimachinery/json-schema/ratchet.ts"
import { validateEmbeddedObjects } from "../../apimachinery/json-schema/validate-embedded.ts"
import { validateListTypes } from "../../apimachinery/json-schema/validate-list-types.ts"
import { validateJsonValue } from "../../apimachinery/json-schema/validate-value.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import {
  hasRules,
  type RuleMeter,
  validateRules,
  type ValidateRulesOptions,
} from "../../apimachinery/validation-rules/validate-rules.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import { copyField, defaultStrategy } from "../registry/default-strategy.ts"
import type { Mutable, Strategy } from "../registry/strategy.ts"
import { finalizerWarnings } from "./finalizer-warnings.ts"
import { schemaOf } from "./to-resource.ts"
import { validateScaleSpec, validateScaleStatus } from "./validate-scale.ts"

/** How objects of a custom resource are written through one of its versions: by that version's schema. */
export function customStrategy(
  resource: Resource,
  version: CustomResourceDefinitionVersion,
  meter?: RuleMeter,
): Strategy {
  const schema = schemaOf(version)
  const { scale } = version.subresources ?? {}
  const withRules = hasRules(schema) ? afterOthers : withoutRules
  const { hasStatus } = resource
  return defaultStrategy(resource, {
    hasGeneration: true,
    prepareForCreate(object) {
      if (hasStatus) delete object["status"]
      object.metadata.generation = 1
    },
    prepareForUpdate(object, old) {
      if (hasStatus) copyField(object, old, "status")
      if (differsBesideMetadata(object, old)) object.metadata.generation = (old.metadata.generation ?? 0) + 1
    },
    prepareForStatusUpdate: keepAllButStatus,
    validate: (object) =>
      withRules(
        [
          ...validateJsonValue(schema, object),
          ...(scale ? [...validateScaleSpec(scale, object), ...validateScaleStatus(scale, object)] : []),
          ...validateEmbeddedObjects(schema, object),
          ...validateListTypes(schema, object),
        ],
        () => validateRules(schema, object, { isResource: true, meter }),
      ),
    validateUpdate: (object, old, { warn }) =>
      withRules(
        [
          ...validateJsonValue(schema, object, { former: { value: old } }),
          ...(scale ? [...validateScaleSpec(scale, object), ...validateScaleStatus(scale, object)] : []),
          ...validateEmbeddedObjects(schema, object),
          ...newListTypeErrors(schema, object, old),
        ],
        () => validateChange(schema, object, old, { warn, meter }),
      ),
    validateStatusUpdate: (object, old, { warn }) =>
      withRules(
        [
          ...validateStatus(schema, object, old),
          ...(scale ? validateScaleStatus(scale, object) : []),
          ...newListTypeErrors(schema, object, old),
        ],
        () => validateChange(schema, object, old, { warn, meter }),
      ),
    warnings: finalizerWarnings,
  })
}

function validateChange(
  schema: JsonSchema,
  object: KubeObject,
  old: KubeObject,
  options: Pick<ValidateRulesOptions, "warn" | "meter">,
): FieldError[] {
  const correlation = new Correlation(object, old, schema)
  return validateRules(schema, object, { ...options, old, correlation, isResource: true })
}

/** Rules are about objects that are otherwise what the schema says: types and sizes must be right before they run. */
function afterOthers(errors: FieldError[], runRules: () => FieldError[]): FieldError[] {
  const isBlocked = errors.some(({ type }) => blocking.has(type))
  return [...errors, ...(isBlocked ? [unchecked] : runRules())]
}

const withoutRules = (errors: FieldError[]): FieldError[] => errors

const blocking: ReadonlySet<FieldError["type"]> = new Set<FieldError["type"]>([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
])

const unchecked = invalidValue(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
)

function validateStatus(schema: JsonSchema, object: KubeObject, old: KubeObject): FieldError[] {
  const { status } = object as Mutable
  const statusSchema = schema.properties?.["status"]
  if (status === undefined || !statusSchema) return []
  const { status: former } = old as Mutable
  return validateJsonValue(statusSchema, status, {
    root: "status",
    ...(former !== undefined && { former: { value: former } }),
  })
}

/** Doubles that were there before are no fault of this write. */
function newListTypeErrors(schema: JsonSchema, object: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateListTypes(schema, object)
  return errors.length > 0 && validateListTypes(schema, old).length === 0 ? errors : []
}

/** Through the status subresource nothing else comes in, but for who owns it. */
function keepAllButStatus(object: Mutable, old: KubeObject): void {
  const { status } = object
  const { managedFields } = object.metadata
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) copyField(object, old, field)
  object.metadata = { ...old.metadata }
  if (managedFields) object.metadata.managedFields = managedFields
  else delete object.metadata.managedFields
  if (status === undefined) delete object["status"]
  else object["status"] = status
}

function differsBesideMetadata(object: Mutable, old: KubeObject): boolean {
  const { metadata: _, ...wanted } = object
  const { metadata: __, ...former } = old
  return !deepEqual(wanted, former)
}
