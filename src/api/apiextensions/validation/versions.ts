import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { dns1035LabelProblems } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import type { Errors } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from "../v1/custom-resource-definition.ts"
import type { Leniency } from "./leniency.ts"
import { validatePrinterColumns } from "./printer-columns.ts"
import { validateSchema } from "./schema/validate-schema.ts"
import { validateSelectableFields } from "./selectable-fields.ts"
import { validateSubresources } from "./subresources.ts"

type Version = CustomResourceDefinitionVersion

/**
 * The versions of a definition. What all of them have alike (with one version that is everything) is told of the definition
 * as a whole, under names that the first version of the API had.
 */
export function* validateVersions(
  spec: CustomResourceDefinitionSpec,
  path: FieldPath,
  lenient: Leniency,
): Errors {
  const versions = spec.versions ?? []
  const shared = sharedParts(versions)
  yield* requireSchemas(versions, path.child("versions"), lenient)
  for (const [index, version] of versions.entries()) {
    const at = path.child("versions").index(index)
    const problems = dns1035LabelProblems(version.name)
    if (problems.length > 0) yield invalidValue(at.child("name"), version.name, problems.join(","))
    yield* validateVersion(version, at, shared, lenient)
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    yield invalidValue(path.child("versions"), versions, "must contain unique version names")
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const detail = "must have exactly one version marked as storage version"
    yield invalidValue(path.child("versions"), versions, detail)
  }
  yield* validateShared(versions, path, shared, lenient)
}

interface SharedParts {
  readonly schema: boolean
  readonly subresources: boolean
  readonly columns: boolean
  readonly selectableFields: boolean
}

function sharedParts(versions: readonly Version[]): SharedParts {
  const isShared = (part: (version: Version) => unknown) =>
    versions.every((version) => semanticEqual(part(version), part(versions[0]!)))
  return {
    schema: isShared(({ schema }) => schema),
    subresources: isShared(({ subresources }) => subresources),
    columns: isShared(({ additionalPrinterColumns }) => additionalPrinterColumns),
    selectableFields: isShared(({ selectableFields }) => selectableFields),
  }
}

function* requireSchemas(versions: readonly Version[], path: FieldPath, lenient: Leniency): Errors {
  for (const [index, { schema, served }] of versions.entries()) {
    if (schema?.openAPIV3Schema || (lenient.absentSchemas && !served)) continue
    const detail = lenient.absentSchemas ? "because otherwise all fields are pruned" : ""
    yield requiredValue(path.index(index).child("schema", "openAPIV3Schema"), detail)
  }
}

function* validateVersion(version: Version, path: FieldPath, shared: SharedParts, lenient: Leniency): Errors {
  const { name, schema, subresources, selectableFields } = version
  yield* validateDeprecation(version, path.child("deprecationWarning"))
  if (!shared.schema)
    yield* validateSchema(schema, path.child("schema"), hasStatus(version), {
      ...lenient.schemas,
      ruleCost: lenient.unchangedSchemas.has(name),
    })
  if (!shared.subresources) yield* validateSubresources(subresources, path.child("subresources"))
  if (!shared.columns)
    yield* validatePrinterColumns(version.additionalPrinterColumns, path.child("additionalPrinterColumns"))
  if (!shared.selectableFields) {
    const mayBeMany = lenient.manySelectableFields.has(name)
    const at = path.child("selectableFields")
    yield* validateSelectableFields(selectableFields, schema?.openAPIV3Schema, at, mayBeMany)
  }
}

function* validateShared(
  versions: readonly Version[],
  path: FieldPath,
  shared: SharedParts,
  lenient: Leniency,
): Errors {
  const first = versions[0]
  if (!first) return
  const { name, schema } = first
  if (shared.schema)
    yield* validateSchema(schema, path.child("validation"), versions.some(hasStatus), {
      ...lenient.schemas,
      ruleCost: lenient.unchangedSchemas.has(name),
    })
  if (shared.subresources) yield* validateSubresources(first.subresources, path.child("subresources"))
  if (shared.columns)
    yield* validatePrinterColumns(first.additionalPrinterColumns, path.child("additionalPrinterColumns"))
  if (shared.selectableFields) {
    const mayBeMany = lenient.manySelectableFields.has(name)
    const at = path.child("selectableFields")
    yield* validateSelectableFields(first.selectableFields, schema?.openAPIV3Schema, at, mayBeMany)
  }
}

function hasStatus({ subresources }: Version): boolean {
  return subresources?.status !== undefined
}

function* validateDeprecation({ deprecated, deprecationWarning: text }: Version, path: FieldPath): Errors {
  if (text === undefined) return
  if (!deprecated) {
    yield invalidValue(path, text, "can only be set for deprecated versions")
    return
  }
  if (utf8Length(text) > 256) yield invalidValue(path, text, "must be <= 256 characters long")
  if (text === "") yield invalidValue(path, text, "must not be an empty string")
  const at = text.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u)
  if (at < 0) return
  const index = utf8Length(text.slice(0, at))
  const detail = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`
  yield invalidValue(path, text, detail)
}
