import { parseJson } from "../codec/json.ts"
import { canonicalJson } from "../hash.ts"
import { isRecord, type JsonRecord, objectPlan } from "../schema-plan.ts"
import { compare } from "./compare.ts"
import { emptySet, type FieldSet } from "./field-set.ts"
import { toFieldSet } from "./to-field-set.ts"
import { type ManagedKind, withoutChanges } from "./update-managed-fields.ts"

/**
 * From client-side to server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply):
 * what `kubectl apply` last wrote into its annotation, and what still stands so, is kubectl's to change.
 */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration"

// As annotations altogether; an annotation that would not fit is left out.
const maxAnnotationBytes = 256 * 1024

/** The fields that conflict with nobody when kubectl applies them. */
export function fieldsOfLastApplied(kind: ManagedKind, live: JsonRecord): FieldSet {
  const text = annotationsOf(live)?.[lastAppliedAnnotation]
  if (typeof text !== "string" || text === "") return emptySet
  const applied = parseQuietly(text)
  if (!applied || applied["apiVersion"] !== kind.apiVersion) return emptySet
  const plan = objectPlan(kind.schema)
  return withoutChanges(toFieldSet(plan, applied), compare(plan, applied, live))
}

function parseQuietly(text: string): JsonRecord | undefined {
  try {
    const value = parseJson(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function annotationsOf(object: JsonRecord): JsonRecord | undefined {
  const { metadata } = object
  const annotations = isRecord(metadata) ? metadata["annotations"] : undefined
  return isRecord(annotations) ? annotations : undefined
}

/** Keeps the annotation in step, so that client-side apply could take over again. Only where it already is. */
export function withLastApplied(object: JsonRecord, applied: JsonRecord): JsonRecord {
  const annotations = annotationsOf(object)
  if (!annotations?.[lastAppliedAnnotation]) return object
  const text = `${canonicalJson(withoutAnnotation(applied))}\n`
  const { [lastAppliedAnnotation]: _, ...others } = annotations
  const size = Object.entries(others).reduce(
    (sum, [key, value]) => sum + key.length + String(value).length,
    0,
  )
  const isFitting = size + lastAppliedAnnotation.length + text.length <= maxAnnotationBytes
  const updated = isFitting ? { ...annotations, [lastAppliedAnnotation]: text } : others
  return { ...object, metadata: { ...(object["metadata"] as JsonRecord), annotations: updated } }
}

function withoutAnnotation(applied: JsonRecord): JsonRecord {
  const annotations = annotationsOf(applied)
  if (!annotations || !(lastAppliedAnnotation in annotations)) return applied
  const { [lastAppliedAnnotation]: _, ...others } = annotations
  return { ...applied, metadata: { ...(applied["metadata"] as JsonRecord), annotations: others } }
}
