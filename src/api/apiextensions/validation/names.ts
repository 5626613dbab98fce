import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { dns1035LabelProblems } from "../../../apimachinery/names.ts"
import type { Errors } from "../../validation/checks.ts"
import type { CustomResourceDefinitionNames } from "../v1/custom-resource-definition.ts"

/** Those that a definition must ask for; what it got may lack some. */
export function* requireNames(names: CustomResourceDefinitionNames, path: FieldPath): Errors {
  for (const field of ["plural", "singular", "kind", "listKind"] as const)
    if (!names[field]) yield requiredValue(path.child(field))
}

export function* validateNames(names: CustomResourceDefinitionNames, path: FieldPath): Errors {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names
  yield* label(plural, path.child("plural"))
  yield* label(singular, path.child("singular"))
  yield* mixedCase(kind, path.child("kind"))
  yield* mixedCase(listKind, path.child("listKind"))
  for (const [index, name] of shortNames.entries())
    yield* label(name, path.child("shortNames").index(index), true)
  if (kind && kind === listKind) {
    yield invalidValue(path.child("listKind"), listKind, "kind and listKind may not be the same")
  }
  for (const [index, name] of categories.entries())
    yield* label(name, path.child("categories").index(index), true)
}

function* label(name: string | undefined, path: FieldPath, isRequired = false): Errors {
  if (!name && !isRequired) return
  const problems = dns1035LabelProblems(name ?? "")
  if (problems.length > 0) yield invalidValue(path, name ?? "", problems.join(","))
}

function* mixedCase(name: string | undefined, path: FieldPath): Errors {
  if (!name) return
  const problems = dns1035LabelProblems(name.toLowerCase())
  if (problems.length === 0) return
  const detail = `may have mixed case, but should otherwise match: ${problems.join(",")}`
  yield invalidValue(path, name, detail)
}
