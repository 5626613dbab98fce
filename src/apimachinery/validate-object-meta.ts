import { quote } from "../base/quote.ts"
import { utf8Length } from "../base/utf8.ts"
import {
  type FieldError,
  forbiddenValue,
  internalFieldError,
  invalidValue,
  requiredValue,
  tooLong,
} from "./field-error.ts"
import { type FieldPath, fieldPath } from "./field-path.ts"
import {
  type Draft,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
  parseGroupVersion,
} from "./meta.ts"
import { dnsLabelProblems, labelValueProblems, type NameRule, qualifiedNameProblems } from "./names.ts"

type Meta = Draft<ObjectMeta>

const maxAnnotationBytes = 256 * 1024
const maxFieldManagerBytes = 128
const maxSubresourceBytes = 256

export const fieldIsImmutable = "field is immutable"

/** Metadata as it stands just before it is stored: names generated, namespace filled in. */
export function validateObjectMeta(
  meta: Meta,
  namespaced: boolean,
  nameRule: NameRule,
  path: FieldPath = fieldPath("metadata"),
): FieldError[] {
  return [
    ...validateName(meta, nameRule, path),
    ...validateNamespace(meta, namespaced, path.child("namespace")),
    ...((meta.generation ?? 0) < 0
      ? [invalidValue(path.child("generation"), meta.generation, "must be greater than or equal to 0")]
      : []),
    ...validateLabels(meta.labels, path.child("labels")),
    ...validateAnnotations(meta.annotations, path.child("annotations")),
    ...validateOwnerReferences(meta.ownerReferences, path.child("ownerReferences")),
    ...validateFinalizers(meta.finalizers, path.child("finalizers")),
    ...validateManagedFields(meta.managedFields, path.child("managedFields")),
  ]
}

function validateName(meta: Meta, nameRule: NameRule, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (meta.generateName) {
    for (const problem of nameRule(meta.generateName, true)) {
      errors.push(invalidValue(path.child("generateName"), meta.generateName, problem))
    }
  }
  if (!meta.name) errors.push(requiredValue(path.child("name"), "name or generateName is required"))
  else {
    for (const problem of nameRule(meta.name, false)) {
      errors.push(invalidValue(path.child("name"), meta.name, problem))
    }
  }
  return errors
}

function validateNamespace(meta: Meta, namespaced: boolean, path: FieldPath): FieldError[] {
  if (!namespaced) return meta.namespace ? [forbiddenValue(path, "not allowed on this type")] : []
  if (!meta.namespace) return [requiredValue(path)]
  return dnsLabelProblems(meta.namespace).map((problem) => invalidValue(path, meta.namespace, problem))
}

/** Also for label maps that stand elsewhere: a pod template's, a selector's. */
export function validateLabels(
  labels: Readonly<Record<string, string | undefined>> | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value = ""] of Object.entries(labels ?? {})) {
    errors.push(...validateLabelKey(key, path))
    for (const problem of labelValueProblems(value)) errors.push(invalidValue(path, value, problem))
  }
  return errors
}

export function validateLabelKey(key: string, path: FieldPath): FieldError[] {
  return qualifiedNameProblems(key).map((problem) => invalidValue(path, key, problem))
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string | undefined>> | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  let characters = 0
  for (const [key, value = ""] of Object.entries(annotations ?? {})) {
    characters += key.length + value.length
    for (const problem of qualifiedNameProblems(key.toLowerCase())) {
      errors.push(invalidValue(path, key, problem))
    }
  }
  if (annotations && isTooLarge(annotations, characters)) errors.push(tooLong(path, maxAnnotationBytes))
  return errors
}

function isTooLarge(annotations: Readonly<Record<string, string | undefined>>, characters: number): boolean {
  // No character has more than three bytes: most annotations need not be measured.
  if (characters * 3 <= maxAnnotationBytes) return false
  let bytes = 0
  for (const [key, value = ""] of Object.entries(annotations)) bytes += utf8Length(key) + utf8Length(value)
  return bytes > maxAnnotationBytes
}

export function validateOwnerReferences(
  owners: readonly Draft<OwnerReference>[] | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  let controller: string | undefined
  for (const owner of owners ?? []) {
    errors.push(...validateOwnerReference(owner, path))
    if (!owner.controller) continue
    const name = `${owner.kind}/${owner.name}`
    if (controller === undefined) controller = name
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`
      errors.push(invalidValue(path, owners, detail))
    }
  }
  return errors
}

function validateOwnerReference(owner: Draft<OwnerReference>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { apiVersion = "", kind = "", name = "", uid = "" } = owner
  const mustNotBeEmpty = "must not be empty"
  if (!parseGroupVersion(apiVersion).version) {
    errors.push(invalidValue(path.child("apiVersion"), apiVersion, "version must not be empty"))
  }
  if (!kind) errors.push(invalidValue(path.child("kind"), kind, mustNotBeEmpty))
  if (!name) errors.push(invalidValue(path.child("name"), name, mustNotBeEmpty))
  if (!uid) errors.push(invalidValue(path.child("uid"), uid, mustNotBeEmpty))
  // An Event comes and goes by time alone; owning through it would delete at random.
  if (apiVersion === "v1" && kind === "Event") {
    errors.push(invalidValue(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
  }
  return errors
}

export function validateFinalizers(
  finalizers: readonly (string | undefined)[] | undefined,
  path: FieldPath,
): FieldError[] {
  const names = (finalizers ?? []) as readonly string[]
  const errors = names.flatMap((name) =>
    qualifiedNameProblems(name).map((problem) => invalidValue(path, name, problem)),
  )
  if (names.includes("orphan") && names.includes("foregroundDeletion")) {
    errors.push(invalidValue(path, names, "finalizer orphan and foregroundDeletion cannot be both set"))
  }
  return errors
}

export function validateManagedFields(
  entries: readonly Draft<ManagedFieldsEntry>[] | undefined,
  path: FieldPath,
): FieldError[] {
  return (entries ?? []).flatMap((entry, index) => {
    const at = path.index(index)
    const errors: FieldError[] = []
    const { operation = "", fieldsType = "", manager = "", subresource = "" } = entry
    if (operation !== "Apply" && operation !== "Update") {
      errors.push(invalidValue(at.child("operation"), operation, "must be `Apply` or `Update`"))
    }
    if (fieldsType !== "" && fieldsType !== "FieldsV1") {
      errors.push(invalidValue(at.child("fieldsType"), fieldsType, "must be `FieldsV1`"))
    }
    errors.push(...validateFieldManager(manager, at.child("manager")))
    if (utf8Length(subresource) > maxSubresourceBytes) {
      errors.push(tooLong(at.child("subresource"), maxSubresourceBytes))
    }
    return errors
  })
}

const ordinary = /^[ -~]*$/

/** Also the query parameter `fieldManager`. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (utf8Length(manager) > maxFieldManagerBytes) errors.push(tooLong(path, maxFieldManagerBytes))
  if (ordinary.test(manager)) return errors
  let position = 0
  for (const character of manager) {
    if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")
      errors.push(invalidValue(path, manager, `invalid character U+${code} (at position ${position})`))
    }
    position += utf8Length(character)
  }
  return errors
}

/** What may not change between two states of one object. */
export function validateObjectMetaUpdate(
  updated: Meta,
  existing: Meta,
  path: FieldPath = fieldPath("metadata"),
): FieldError[] {
  const errors: FieldError[] = []
  if (existing.deletionTimestamp) errors.push(...validateNoNewFinalizers(updated, existing, path))
  if (!updated.resourceVersion) {
    errors.push(invalidValue(path.child("resourceVersion"), "", "must be specified for an update"))
  }
  if ((updated.generation ?? 0) < (existing.generation ?? 0)) {
    errors.push(invalidValue(path.child("generation"), updated.generation ?? 0, "must not be decremented"))
  }
  for (const name of immutableFields) {
    if ((updated[name] || undefined) !== (existing[name] || undefined)) {
      errors.push(invalidValue(path.child(name), updated[name] ?? absent[name], fieldIsImmutable))
    }
  }
  return [
    ...errors,
    ...validateLabels(updated.labels, path.child("labels")),
    ...validateAnnotations(updated.annotations, path.child("annotations")),
    ...validateOwnerReferences(updated.ownerReferences, path.child("ownerReferences")),
    ...validateManagedFields(updated.managedFields, path.child("managedFields")),
  ]
}

const immutableFields = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const

const absent: Readonly<Record<(typeof immutableFields)[number], unknown>> = {
  name: "",
  namespace: "",
  uid: "",
  creationTimestamp: null,
  deletionTimestamp: null,
  deletionGracePeriodSeconds: null,
}

function validateNoNewFinalizers(updated: Meta, existing: Meta, path: FieldPath): FieldError[] {
  const added = (updated.finalizers ?? []).filter((name) => !existing.finalizers?.includes(name))
  if (added.length === 0) return []
  const list = `[]string{${[...new Set(added)].sort().map(quote).join(", ")}}`
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  return [forbiddenValue(path.child("finalizers"), detail)]
}

/** A name was asked for by `generateName` and none was made: a fault of ours, told as such. */
export function missingGeneratedName(
  generateName: string,
  path: FieldPath = fieldPath("metadata"),
): FieldError {
  const detail = `generateName was specified (${quote(generateName)}), but no name was generated`
  return internalFieldError(path.child("name"), detail)
}
