import { type FieldError, invalidValue, requiredValue } from "../field-error.ts"
import type { FieldPath } from "../field-path.ts"
import { type Draft, ObjectMeta } from "../meta.ts"
import { dns1035LabelProblems, pathSegmentName } from "../names.ts"
import { isRecord, type JsonRecord } from "../schema-plan.ts"
import { DecodeError, decodeObject } from "../structural.ts"
import { validateObjectMeta } from "../validate-object-meta.ts"
import type { JsonSchema } from "./json-schema.ts"
import { partsOf } from "./parts.ts"

/** Objects within an object (`x-kubernetes-embedded-resource`) have a kind, and sound metadata if any. */
export function validateEmbeddedObjects(schema: JsonSchema, value: unknown): FieldError[] {
  const errors: FieldError[] = []
  for (const { schema: partSchema, value: part, path } of partsOf(schema, value)) {
    if (!partSchema["x-kubernetes-embedded-resource"] || !isRecord(part)) continue
    errors.push(...validateApiVersion(part, path.child("apiVersion")))
    errors.push(...validateKind(part, path.child("kind")))
    errors.push(...validateMetadata(part, path.child("metadata")))
  }
  return errors
}

function* validateApiVersion({ apiVersion }: JsonRecord, path: FieldPath): Iterable<FieldError> {
  if (apiVersion === undefined) yield requiredValue(path)
  else if (typeof apiVersion !== "string") yield invalidValue(path, apiVersion, "must be a string")
  else if (apiVersion === "") yield invalidValue(path, apiVersion, "must not be empty")
  else if (apiVersion.split("/").length > 2) {
    yield invalidValue(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)
  }
}

function* validateKind({ kind }: JsonRecord, path: FieldPath): Iterable<FieldError> {
  if (kind === undefined) yield requiredValue(path)
  else if (typeof kind !== "string") yield invalidValue(path, kind, "must be a string")
  else if (kind === "") yield invalidValue(path, kind, "must not be empty")
  else {
    const problems = dns1035LabelProblems(kind.toLowerCase())
    if (problems.length === 0) return
    const detail = `may have mixed case, but should otherwise match: ${problems.join(",")}`
    yield invalidValue(path, kind, detail)
  }
}

function validateMetadata({ metadata }: JsonRecord, path: FieldPath): FieldError[] {
  if (metadata === undefined) return []
  try {
    const meta = decodeObject(ObjectMeta, metadata) as Draft<ObjectMeta>
    // A template needs no name.
    const named = { ...meta, name: meta.name || "fakename" }
    return validateObjectMeta(named, Boolean(meta.namespace), pathSegmentName, path)
  } catch (error) {
    if (error instanceof DecodeError) return [invalidValue(path, metadata, error.message)]
    throw error
  }
}
