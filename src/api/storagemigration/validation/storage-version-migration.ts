import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { dns1035LabelProblems, dnsSubdomainProblems } from "../../../apimachinery/names.ts"
import { type Errors, immutable } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import type { StorageVersionMigration } from "../v1beta1/storage-version-migration.ts"

export function* validateStorageVersionMigration({ spec }: StorageVersionMigration): Errors {
  const path = fieldPath("spec", "resource")
  const { resource, group } = spec.resource
  const texts = dns1035LabelProblems(resource)
  if (!resource) yield requiredValue(path.child("resource"), "resource is required to be set")
  else if (texts.length > 0) yield invalidValue(path.child("resource"), resource, texts.join(","))
  const groupTexts = group ? dnsSubdomainProblems(group) : []
  if (groupTexts.length > 0) yield invalidValue(path.child("group"), group, groupTexts.join(","))
}

export function* validateStorageVersionMigrationUpdate(
  migration: StorageVersionMigration,
  old: StorageVersionMigration,
): Errors {
  yield* validateStorageVersionMigration(migration)
  yield* immutable(migration.spec, old.spec, fieldPath("spec"))
}

export function* validateStorageVersionMigrationStatusUpdate(
  migration: StorageVersionMigration,
  old: StorageVersionMigration,
): Errors {
  const path = fieldPath("status")
  const { resourceVersion = "", conditions = [] } = migration.status
  if (resourceVersion && !/^[1-9][0-9]*$/.test(resourceVersion)) {
    const detail = `resource version is not well formed: ${resourceVersion}`
    yield invalidValue(path.child("resourceVersion"), resourceVersion, detail)
  }
  yield* validateConditions(conditions, path.child("conditions"))
  if (old.status.resourceVersion && old.status.resourceVersion !== resourceVersion) {
    yield invalidValue(path.child("resourceVersion"), resourceVersion, "field is immutable")
  }
  const at = path.child("conditions")
  if (has(migration, "Succeeded") && has(migration, "Failed")) {
    const detail = "Both success and failed conditions cannot be true at the same time"
    yield invalidValue(at, conditions, detail)
  }
  for (const [type, title] of [
    ["Succeeded", "Success"],
    ["Failed", "Failed"],
  ] as const) {
    if (!has(old, type) || has(migration, type)) continue
    yield invalidValue(
      at,
      conditions.length > 0 ? conditions : null,
      `${title} condition cannot be set to false once it is true`,
    )
  }
}

function has({ status }: StorageVersionMigration, type: string): boolean {
  return status.conditions?.find((condition) => condition.type === type)?.status === "True"
}
