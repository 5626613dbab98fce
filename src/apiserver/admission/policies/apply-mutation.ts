import type { Mutation } from "../../../api/admissionregistration/v1/mutating-admission-policy.ts"
import { ValueObject, elementsOf } from "../../../apimachinery/cel/values/collections.ts"
import { toJson } from "../../../apimachinery/cel/values/to-json.ts"
import { type CelResult, type CelValue, isList, isMap } from "../../../apimachinery/cel/values/value.ts"
import { findAtomics } from "../../../apimachinery/apply/find-atomics.ts"
import { mergeApplied } from "../../../apimachinery/apply/merge-applied.ts"
import { describeFaults } from "../../../apimachinery/apply/validate-applied.ts"
import { formatGroupVersion, type KubeObject } from "../../../apimachinery/meta.ts"
import { applyJsonPatch } from "../../../apimachinery/patch/json-patch.ts"
import { objectPlan, type JsonRecord } from "../../../apimachinery/schema-plan.ts"
import { StatusError } from "../../../apimachinery/status-error.ts"
import { quote } from "../../../base/quote.ts"
import { completed } from "../webhooks/apply-answered-patch.ts"
import { isKindOf, type VersionedAttributes } from "../webhooks/versioned-attributes.ts"

/** The object as the value of a mutation's expression wants it. Throws Error when it cannot be had. */
export function applyMutation(
  { patchType }: Mutation,
  value: CelValue,
  object: KubeObject,
  versioned: VersionedAttributes,
): KubeObject {
  if (patchType === "JSONPatch") return patched(value, object, versioned)
  return merged(value, object, versioned)
}

/** What the expression names takes its values, as in server-side apply, but nobody becomes the owner. */
function merged(value: CelValue, object: KubeObject, versioned: VersionedAttributes): KubeObject {
  checkTypeNames(value)
  const { apiVersion, kind } = { ...versioned.kind, apiVersion: formatGroupVersion(versioned.kind) }
  const applied = { ...(toJson(value) as JsonRecord), apiVersion, kind }
  const { attributes, resource } = versioned
  const schema = isKindOf(versioned.kind, resource) ? resource.schema : attributes.kind.schema
  if (!schema) throw new Error(`Resource kind ${apiVersion}, Kind=${kind} not found.`)
  const plan = objectPlan(schema)
  const faults = describeFaults(plan, applied)
  if (faults)
    throw new Error(`error applying patch: failed to convert patch object to typed object: ${faults}`)
  const atomics = findAtomics(plan, applied)
  if (atomics.length > 0) {
    const what = `may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`
    throw new Error(`error applying patch: invalid ApplyConfiguration: ${what}`)
  }
  const result = mergeApplied(plan, object as unknown as JsonRecord, applied)
  return completed(result as unknown as KubeObject, versioned)
}

function patched(value: CelValue, object: KubeObject, versioned: VersionedAttributes): KubeObject {
  const operations = isList(value) ? Array.from(elementsOf(value), operationOf) : []
  try {
    const result = applyJsonPatch(object as unknown as JsonRecord, operations)
    return completed(result as unknown as KubeObject, versioned)
  } catch (error) {
    const { message } =
      error instanceof StatusError && error.cause instanceof Error ? error.cause : (error as Error)
    // A patch whose test fails does nothing.
    if (/^testing value .* failed$/s.test(message)) return object
    throw new Error(`JSON Patch: ${message}`, { cause: error })
  }
}

function operationOf(operation: CelResult): unknown {
  const value = isMap(operation) ? operation.find("value") : undefined
  if (value !== undefined) checkTypeNames(value)
  return toJson(operation)
}

/** `Object{spec: Object.spec{...}}`: the name of a type must be the path at which it stands. Throws Error. */
export function checkTypeNames(value: CelResult): void {
  const errors = value instanceof ValueObject ? misnamed(value, nameOf(value)) : []
  if (errors.length > 0) throw new Error(`type mismatch: ${errors.join("\n")}`)
}

function misnamed(value: CelResult, expected: string): string[] {
  if (value instanceof ValueObject) {
    const found = nameOf(value)
    const inside = [...value.fields].flatMap(([field, part]) => misnamed(part, `${expected}.${field}`))
    if (found === expected) return inside
    const rule = `expected ${quote(expected)}, which matches field name path from root Object type`
    return [`unexpected type name ${quote(found)}, ${rule}`, ...inside]
  }
  if (isList(value)) return [...elementsOf(value)].flatMap((each) => misnamed(each, expected))
  if (!isMap(value)) return []
  return [...value.entryKeys()].flatMap((key) => misnamed(value.find(key) ?? null, expected))
}

function nameOf({ type }: ValueObject): string {
  return type.kind === "object" ? type.name : ""
}
