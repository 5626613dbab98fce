import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { qualifiedNameProblems } from "../../../apimachinery/names.ts"
import { compareQuantities, parseQuantity, zeroQuantity } from "../../../apimachinery/quantity.ts"
import { fieldIsImmutable } from "../../../apimachinery/validate-object-meta.ts"
import { type Errors, immutable, problems } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { formatDiff } from "../../validation/unified-diff.ts"
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../v1/persistent-volume-claim.ts"
import type { ResourceList } from "../v1/resource-requirements.ts"
import { validatePersistentVolumeClaimSpec } from "./persistent-volume-claim-spec.ts"
import { isNativeResource, validateBasicQuantity, validateResourceQuantity } from "./resources.ts"

const path = fieldPath("spec")
const classAnnotation = "volume.beta.kubernetes.io/storage-class"

export function* validatePersistentVolumeClaim({ spec }: PersistentVolumeClaim): Errors {
  yield* validatePersistentVolumeClaimSpec(spec, path)
}

export function* validatePersistentVolumeClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): Errors {
  yield* validatePersistentVolumeClaim(claim)
  if (!isClassMoved(claim, old)) {
    const [now, before] = [claim, old].map(({ metadata }) => metadata.annotations?.[classAnnotation] ?? "")
    const at = fieldPath("metadata", "annotations").key(classAnnotation)
    if (now !== before) yield invalidValue(at, now, fieldIsImmutable)
  }
  const rest = withoutUpdatable(claim, old)
  const expected = { ...old.spec, volumeName: old.spec.volumeName || claim.spec.volumeName }
  if (!semanticEqual(rest, expected)) {
    const diff = formatDiff(expected, rest)
    const detail = `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${diff}`
    yield forbiddenValue(path, detail)
  }
  yield* shrinking(claim, old)
  yield* immutable(claim.spec.volumeMode, old.spec.volumeMode, fieldPath("volumeMode"))
  yield* attributesClass(claim, old)
}

/** The class once was an annotation; it may move to its field. */
function isClassMoved({ metadata, spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const before = old.metadata.annotations?.[classAnnotation]
  const now = metadata.annotations?.[classAnnotation]
  if (before === undefined || old.spec.storageClassName !== undefined) return false
  return spec.storageClassName === before && (now === undefined || now === before)
}

/** What may change as it was: what then differs may not. */
function withoutUpdatable(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): PersistentVolumeClaimSpec {
  const rest: Record<string, unknown> = { ...claim.spec }
  const before = old.metadata.annotations?.[classAnnotation]
  const { storageClassName } = claim.spec
  // A claim that waits for a default class may be given one.
  const isFirstClass = old.spec.storageClassName === undefined && storageClassName !== undefined
  if (isClassMoved(claim, old) || (isFirstClass && (before === undefined || before === storageClassName))) {
    delete rest["storageClassName"]
  }
  if (claim.status.phase === "Bound") {
    rest["volumeAttributesClassName"] = old.spec.volumeAttributesClassName
    const { requests } = claim.spec.resources
    const storage = old.spec.resources.requests?.["storage"]
    if (requests) rest["resources"] = { ...claim.spec.resources, requests: { ...requests, storage } }
  }
  return rest as unknown as PersistentVolumeClaimSpec
}

const storageOf = (list: ResourceList | undefined) =>
  list?.["storage"] === undefined ? zeroQuantity : parseQuantity(list["storage"])

/** An expansion that failed can be taken back, to more than there is. */
function* shrinking({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): Errors {
  const now = storageOf(spec.resources.requests)
  if (compareQuantities(now, storageOf(old.spec.resources.requests)) >= 0) return
  if (compareQuantities(now, storageOf(old.status.capacity)) > 0) return
  const at = path.child("resources", "requests", "storage")
  yield forbiddenValue(at, "field can not be less than status.capacity")
}

function* attributesClass({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): Errors {
  const { volumeAttributesClassName: name } = spec
  if (name === old.spec.volumeAttributesClassName) return
  if (old.status.currentVolumeAttributesClassName === undefined || name) return
  const what = name === undefined ? "nil" : "empty string"
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`
  yield forbiddenValue(path.child("volumeAttributesClassName"), detail)
}

const resizeStatuses = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizePending",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
].sort()

export function* validatePersistentVolumeClaimStatusUpdate({
  metadata,
  spec,
  status,
}: PersistentVolumeClaim): Errors {
  if (!metadata.resourceVersion) yield requiredValue("resourceVersion")
  if (!spec.accessModes?.length) yield requiredValue(fieldPath("Spec", "accessModes"))
  const at = fieldPath("status")
  for (const [name, amount] of Object.entries(status.capacity ?? {})) {
    yield* validateBasicQuantity(amount, at.child("capacity").key(name))
  }
  const statusPath = at.child("allocatedResourceStatuses")
  for (const [name, value] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    yield* resourceKey(name, statusPath)
    if (!resizeStatuses.includes(value)) yield unsupportedValue(statusPath, name, resizeStatuses)
  }
  const amountsPath = at.child("allocatedResources")
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const errors = [...resourceKey(name, amountsPath)]
    if (errors.length === 0) errors.push(...validateBasicQuantity(amount, amountsPath.key(name)))
    if (errors.length === 0)
      errors.push(...validateResourceQuantity("storage", amount, amountsPath.key(name)))
    yield* errors
  }
}

function* resourceKey(name: string, at: FieldPath): Errors {
  const texts = qualifiedNameProblems(name)
  yield* problems(name, at, texts)
  if (texts.length === 0 && isNativeResource(name) && name !== "storage") {
    yield unsupportedValue(at, name, ["storage"])
  }
}
