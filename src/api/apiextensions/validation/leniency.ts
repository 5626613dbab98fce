import { semanticEqual } from "../../validation/semantic-equal.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../v1/custom-resource-definition.ts"
import type { JSONSchemaProps } from "../v1/json-schema-props.ts"
import { caBundleProblem, type ConversionLeniency, hasKnownReviewVersion } from "./conversion.ts"
import { validateDefaults } from "./schema/defaults.ts"
import { hasNonAtomicSet, validateKeys } from "./schema/list-and-map-types.ts"
import { validateStructural } from "./schema/structural.ts"
import type { VersionLeniency } from "./schema/validate-schema.ts"
import { allSchemas } from "./schema/walk-schema.ts"

/** What is forgiven because it was there before: definitions are not to break when the server learns to look closer. */
export interface Leniency {
  readonly schemas: Omit<VersionLeniency, "ruleCost">
  /** A version may go on without a schema. */
  readonly absentSchemas: boolean
  readonly conversion: ConversionLeniency
  /** Versions whose schema is what it was. */
  readonly unchangedSchemas: ReadonlySet<string>
  /** Versions whose many selectable fields are what they were. */
  readonly manySelectableFields: ReadonlySet<string>
}

export const strict: Leniency = {
  schemas: { types: false, sets: false, keys: false, structure: false, defaults: false },
  absentSchemas: false,
  // Nobody is served by it yet.
  conversion: { caBundle: true, reviewVersions: false },
  unchangedSchemas: new Set(),
  manySelectableFields: new Set(),
}

const known = ["array", "boolean", "integer", "number", "object", "string"]

export function leniencyFor(definition: CustomResourceDefinition, old: CustomResourceDefinition): Leniency {
  const { conversion } = old.spec
  const versions = old.spec.versions ?? []
  const roots = versions.flatMap(({ schema }) => schema?.openAPIV3Schema ?? [])
  const has = (is: (schema: JSONSchemaProps) => boolean) =>
    roots.some((root) => [...allSchemas(root)].some(is))
  const isEstablished = old.status.conditions?.some(
    ({ type, status }) => type === "Established" && status === "True",
  )
  const { clientConfig, conversionReviewVersions = [] } = conversion?.webhook ?? {}
  const path = fieldPath("old")
  return {
    schemas: {
      types: has(({ type }) => Boolean(type) && !known.includes(type!)),
      sets: has(hasNonAtomicSet),
      keys: has((schema) => [...validateKeys(schema, path)].length > 0),
      structure: roots.some((root) => validateStructural(root, path).length > 0),
      defaults: roots.some((root) => hasUnprunedDefaults(root)),
    },
    absentSchemas: roots.length < versions.length,
    conversion: {
      caBundle: !isEstablished || caBundleProblem(clientConfig?.caBundle) !== undefined,
      reviewVersions: conversionReviewVersions.length > 0 && !hasKnownReviewVersion(conversionReviewVersions),
    },
    unchangedSchemas: sameVersions(definition, old, ({ schema }) => schema),
    manySelectableFields: sameVersions(definition, old, ({ selectableFields }) => selectableFields),
  }
}

function hasUnprunedDefaults(root: JSONSchemaProps): boolean {
  const path = fieldPath("old")
  if (validateStructural(root, path).length > 0) return false
  return [...validateDefaults(root, path, { mustBePruned: true })].some(
    ({ detail }) => detail === "must not have unknown fields",
  )
}

function sameVersions(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
  part: (version: CustomResourceDefinitionVersion) => unknown,
): ReadonlySet<string> {
  const same = (definition.spec.versions ?? []).filter((version) => {
    const before = old.spec.versions?.find(({ name }) => name === version.name)
    return before !== undefined && semanticEqual(part(version), part(before))
  })
  return new Set(same.map(({ name }) => name))
}
