import { requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, immutable, nonNegative } from "../../validation/checks.ts"
import type { ControllerRevision } from "../v1/controller-revision.ts"

export function* validateControllerRevision({ revision, data }: ControllerRevision): Errors {
  yield* nonNegative(revision, fieldPath("revision"))
  const path = fieldPath("data")
  if (data === undefined || data === null) yield requiredValue(path, "data is mandatory")
  else if (typeof data !== "object" || Array.isArray(data)) {
    yield requiredValue(path, "data must be a valid JSON object")
  }
}

export function* validateControllerRevisionUpdate(
  { revision, data }: ControllerRevision,
  old: ControllerRevision,
): Errors {
  yield* nonNegative(revision, fieldPath("revision"))
  yield* immutable(data, old.data, fieldPath("data"))
}
