import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsSubdomainName, dnsSubdomainProblems } from "../../../apimachinery/names.ts"
import { type Errors, immutable, oneOf } from "../../validation/checks.ts"
import type { ObjectNameRule } from "../../validation/kind-rules.ts"
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
} from "../v1/custom-resource-definition.ts"
import { validateApproval } from "./api-approval.ts"
import { validateConversion } from "./conversion.ts"
import { type Leniency, leniencyFor, strict } from "./leniency.ts"
import { requireNames, validateNames } from "./names.ts"
import { validateVersions } from "./versions.ts"

/** Its name says whose definition it is. */
export const definitionName: ObjectNameRule = (name, prefix, definition) => {
  const { names, group } = (definition as CustomResourceDefinition).spec
  const problems = dnsSubdomainName(name, prefix)
  return name === `${names.plural}.${group}`
    ? problems
    : [...problems, 'must be spec.names.plural+"."+spec.group']
}

/** A definition that is new. */
export function* validateDefinition(definition: CustomResourceDefinition): Errors {
  const { spec } = definition
  yield* validateSpec(spec, strict)
  yield* validateRest(definition, undefined)
}

export function* validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): Errors {
  const path = fieldPath("spec")
  const { spec } = definition
  yield* validateSpec(spec, leniencyFor(definition, old))
  if (old.status.conditions?.some(({ type, status }) => type === "Established" && status === "True")) {
    yield* immutable(spec.scope, old.spec.scope, path.child("scope"))
    yield* immutable(spec.names.kind, old.spec.names.kind, path.child("names", "kind"))
  }
  yield* immutable(spec.group, old.spec.group, path.child("group"))
  yield* immutable(spec.names.plural, old.spec.names.plural, path.child("names", "plural"))
  yield* validateRest(definition, old)
}

export function* validateDefinitionStatus({ status }: CustomResourceDefinition): Errors {
  const { acceptedNames } = status
  if (acceptedNames) yield* validateNames(acceptedNames, fieldPath("status", "acceptedNames"))
}

function* validateRest(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): Errors {
  yield* validateDefinitionStatus(definition)
  yield* validateStoredVersions(definition)
  yield* validateApproval(definition, old)
  if (!old?.spec.preserveUnknownFields && definition.spec.preserveUnknownFields) {
    const detail =
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
    yield invalidValue("spec.preserveUnknownFields", true, detail)
  }
}

function* validateSpec(spec: CustomResourceDefinitionSpec, lenient: Leniency): Errors {
  const path = fieldPath("spec")
  yield* validateGroup(spec.group, path.child("group"))
  yield* oneOf(spec.scope, path.child("scope"), ["Cluster", "Namespaced"])
  yield* validateVersions(spec, path, lenient)
  yield* requireNames(spec.names, path.child("names"))
  yield* validateNames(spec.names, path.child("names"))
  yield* validateConversion(spec.conversion, path.child("conversion"), lenient.conversion)
}

function* validateGroup(group: string, path: FieldPath): Errors {
  if (!group) {
    yield requiredValue(path)
    return
  }
  const problems = dnsSubdomainProblems(group)
  if (problems.length > 0) yield invalidValue(path, group, problems.join(","))
  else if (!group.includes(".")) yield invalidValue(path, group, "should be a domain with at least one dot")
}

/** What there are objects of must go on being declared. */
function* validateStoredVersions({ spec, status }: CustomResourceDefinition): Errors {
  const path = fieldPath("status", "storedVersions")
  const stored = status.storedVersions ?? []
  if (stored.length === 0) {
    yield invalidValue(path, stored, "must have at least one stored version")
    return
  }
  for (const { name, storage } of spec.versions ?? []) {
    if (storage && !stored.includes(name))
      yield invalidValue(path, stored, `must have the storage version ${name}`)
  }
  for (const [index, version] of stored.entries()) {
    if (spec.versions?.some(({ name }) => name === version)) continue
    const detail = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
    yield invalidValue(path.index(index), version, detail)
  }
}
